package io.buttress.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Named immutable bytes: a bucket, or a directory. Keys use {@code /}. Safe for many threads. */
public interface ObjectStore extends AutoCloseable {

  /**
   * Stores a file's bytes under a key that nobody has taken. Exactly one of several racing calls
   * wins; a loser changes nothing.
   *
   * @return whether this call stored the bytes
   */
  boolean putIfAbsent(String key, Path file) throws IOException;

  /** The bytes under a key, or empty. The caller closes the stream. */
  Optional<InputStream> get(String key) throws IOException;

  boolean exists(String key) throws IOException;

  /** Objects whose keys start with a prefix, sorted by key. */
  List<Entry> entries(String prefix) throws IOException;

  /** Keys that start with a prefix, sorted. */
  default List<String> list(String prefix) throws IOException {
    return entries(prefix).stream().map(Entry::key).toList();
  }

  /**
   * What writers that are gone left half-written; has keys of its own that {@link #delete} takes.
   */
  default List<Entry> unfinished() throws IOException {
    return List.of();
  }

  /** Does nothing when there is no such key. */
  void delete(String key) throws IOException;

  /** Copies within the store, without the bytes passing through this process; overwrites. */
  void copy(String from, String to) throws IOException;

  /** Where others find a key (or a prefix): {@code s3://bucket/key} or {@code file:///...}. */
  URI uri(String key);

  @Override
  void close();

  /**
   * An object.
   *
   * @param size in bytes
   * @param modified when it was stored
   */
  record Entry(String key, long size, Instant modified) {}
}
