package io.buttress.storage;

import java.nio.file.Path;

/**
 * What the local cache may take of this disk.
 *
 * @param folder created when missing
 * @param bytes that its files may take, as far as they are not in use
 * @param names for messages that say which setting to look at
 */
public record CacheSpace(Path folder, long bytes, Names names) {
  public static final long DEFAULT_BYTES = 20_000_000_000L;

  /** Of the default size, for callers without settings that have names. */
  CacheSpace(Path folder) {
    this(folder, DEFAULT_BYTES, new Names("the cache's folder", "the cache's size"));
  }

  /** What the settings are called where they are made. */
  public record Names(String folder, String bytes) {}
}
