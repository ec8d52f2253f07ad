package io.buttress.storage;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A store whose streams fail as they are told, and which remembers what was asked of it. */
public class FaultyObjectStore implements ObjectStore {
  /** What happens to a stream. */
  public enum Fault {
    /** Half of the bytes, then an error. */
    CUT,
    /** Half of the bytes, then an end like any other. */
    SHORT,
    /** All of the bytes, one of them another. */
    FLIPPED
  }

  private final ObjectStore objects;
  private final Map<String, Deque<Fault>> faults = new HashMap<>();
  private final List<String> requests = new ArrayList<>();

  public FaultyObjectStore(ObjectStore objects) {
    this.objects = objects;
  }

  /** Damages the next reads of a key, one fault each. */
  public void damage(String key, Fault... next) {
    faults.computeIfAbsent(key, k -> new ArrayDeque<>()).addAll(Arrays.asList(next));
  }

  /** What was asked since the last call, as {@code <method> <key>}. */
  public List<String> requests() {
    List<String> since = List.copyOf(requests);
    requests.clear();
    return since;
  }

  @Override
  public Optional<InputStream> get(String key) throws IOException {
    requests.add("get " + key);
    Optional<InputStream> stream = objects.get(key);
    Fault fault = stream.isEmpty() ? null : faults.getOrDefault(key, new ArrayDeque<>()).poll();
    if (fault == null) {
      return stream;
    }
    byte[] bytes;
    try (InputStream in = stream.get()) {
      bytes = in.readAllBytes();
    }
    if (fault == Fault.FLIPPED) {
      bytes[bytes.length / 2] ^= 1;
      return Optional.of(new ByteArrayInputStream(bytes));
    }
    InputStream half = new ByteArrayInputStream(bytes, 0, bytes.length / 2);
    return Optional.of(fault == Fault.SHORT ? half : new Cut(half));
  }

  private static final class Cut extends FilterInputStream {
    Cut(InputStream half) {
      super(half);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = super.read(into, offset, length);
      if (read < 0) {
        throw new IOException("connection reset");
      }
      return read;
    }
  }

  @Override
  public boolean putIfAbsent(String key, Path file) throws IOException {
    requests.add("put " + key);
    return objects.putIfAbsent(key, file);
  }

  @Override
  public boolean exists(String key) throws IOException {
    requests.add("exists " + key);
    return objects.exists(key);
  }

  @Override
  public List<Entry> entries(String prefix) throws IOException {
    return objects.entries(prefix);
  }

  @Override
  public void delete(String key) throws IOException {
    objects.delete(key);
  }

  @Override
  public void copy(String from, String to) throws IOException {
    objects.copy(from, to);
  }

  @Override
  public URI uri(String key) {
    return objects.uri(key);
  }

  @Override
  public void close() {
    objects.close();
  }
}
