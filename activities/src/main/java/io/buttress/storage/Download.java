package io.buttress.storage;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Reads whole objects: a stream that breaks off is read again from its start, a few times. */
public final class Download {
  private static final FailsafeExecutor<Object> RETRIES =
      Failsafe.with(
          RetryPolicy.builder()
              .handle(BrokenStreamException.class)
              .withMaxRetries(5)
              .withBackoff(Duration.ofMillis(100), Duration.ofSeconds(2))
              .withJitter(1)
              .build());

  private Download() {}

  /** The bytes under a key, or empty. */
  public static Optional<byte[]> bytes(ObjectStore objects, String key) throws IOException {
    return read(objects, key, InputStream::readAllBytes);
  }

  /** Writes the bytes under a key to a file; returns their sha256, or empty without such a key. */
  public static Optional<String> file(ObjectStore objects, String key, Path file)
      throws IOException {
    return read(
        objects,
        key,
        in -> {
          try (OutputStream out = DiskWriteException.stream(file)) {
            return ArtifactStore.copy(in, out);
          }
        });
  }

  /** Takes an object from its start; called anew when the stream breaks off. */
  @FunctionalInterface
  private interface Reader<T> {
    T read(InputStream in) throws IOException;
  }

  private static <T> Optional<T> read(ObjectStore objects, String key, Reader<T> reader)
      throws IOException {
    try {
      return RETRIES.get(
          () -> {
            Optional<InputStream> stream = objects.get(key);
            if (stream.isEmpty()) {
              return Optional.empty();
            }
            try (InputStream in = new Broken(stream.get())) {
              return Optional.of(reader.read(in));
            }
          });
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        throw new IOException("interrupted while reading " + key, e);
      }
      if (e.getCause() instanceof BrokenStreamException broken) {
        throw new IOException(
            "reading " + key + " breaks off: " + broken.getCause().getMessage(), broken.getCause());
      }
      throw (IOException) e.getCause();
    }
  }

  private static final class BrokenStreamException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenStreamException(IOException cause) {
      super(cause);
    }
  }

  /** Tells failures to read from failures to write what was read. */
  private static final class Broken extends FilterInputStream {
    Broken(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      try {
        return in.read();
      } catch (IOException e) {
        throw new BrokenStreamException(e);
      }
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      try {
        return in.read(into, offset, length);
      } catch (IOException e) {
        throw new BrokenStreamException(e);
      }
    }
  }
}
