package io.buttress.storage;

import io.buttress.study.Blob;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verified copies of blobs on this disk, and folders of links to them, for any number of threads
 * and processes. A file's modification time tells when it was last used: of what has not been used
 * for an hour, the oldest goes when the budget or the disk is full.
 */
final class LocalCache {
  private static final Logger LOG = LoggerFactory.getLogger(LocalCache.class);

  /** A file used within this time is not removed: its folder may still be downloading. */
  private static final Duration IN_USE = Duration.ofHours(1);

  /** How often the cache is measured anew while its budget is written: others write to it, too. */
  private static final int COUNTS_PER_BUDGET = 20;

  /** Free space for a scratch folder: the size of the largest object. */
  private static final long SCRATCH_ROOM = 5L << 30;

  private final CacheSpace space;
  private final Path directory;
  private final Path blobs;
  private final Path folders;
  private final Path scratch;
  private final Staging staging;
  private final Set<String> verified = ConcurrentHashMap.newKeySet();
  private final AtomicLong addedSinceCount = new AtomicLong(Long.MAX_VALUE / 2);
  private long counted;

  LocalCache(CacheSpace space) throws IOException {
    this.space = space;
    directory = space.folder().toAbsolutePath().normalize();
    blobs = Files.createDirectories(directory.resolve("blobs"));
    folders = Files.createDirectories(directory.resolve("folders"));
    scratch = Files.createDirectories(directory.resolve("scratch"));
    staging = new Staging(directory.resolve("incoming")).swept();
    ScratchFolder.sweep(scratch);
  }

  /** Something that writes to this disk, from its beginning each time. */
  @FunctionalInterface
  interface Write<T> {
    T run() throws IOException;
  }

  /** A name for a file that is on its way in; there is no such file yet. */
  Path incoming() {
    return staging.path();
  }

  /** Whether there is a file for the blob, which need not be sound. */
  boolean has(Blob blob) throws IOException {
    try {
      return Files.size(blobs.resolve(blob.sha256())) == blob.size();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** The verified copy of a blob, which counts as used now. */
  Optional<Path> find(Blob blob) throws IOException {
    Path file = blobs.resolve(blob.sha256());
    try {
      if (Files.size(file) != blob.size() || !isVerified(file, blob)) {
        return Optional.empty();
      }
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      return Optional.of(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private boolean isVerified(Path file, Blob blob) throws IOException {
    if (verified.contains(blob.sha256())) {
      return true;
    }
    try (InputStream in = Files.newInputStream(file)) {
      if (!ArtifactStore.copy(in, OutputStream.nullOutputStream()).equals(blob.sha256())) {
        return false;
      }
    }
    verified.add(blob.sha256());
    return true;
  }

  /** Moves a file that holds a blob's bytes here. */
  Path take(Path file, String sha256) throws IOException {
    long size = Files.size(file);
    Path target = blobs.resolve(sha256);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    verified.add(sha256);
    keepBudget(size);
    return target;
  }

  /** Links a copy into an artifact's folder. */
  void link(Path cached, Path folder, String name) throws IOException {
    Path link = folder.resolve(name);
    // A link may still hold bytes that were found corrupt and fetched anew.
    if (!Files.exists(link) || !Files.isSameFile(link, cached)) {
      Files.createDirectories(link.getParent());
      Path made = staging.path();
      try {
        Files.createLink(made, cached);
        Files.move(made, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(made);
      }
    }
  }

  Path folder(String key) {
    return folders.resolve(key);
  }

  /** A folder for files on their way into the store, where there is room for the largest. */
  ScratchFolder scratch() throws IOException {
    if (usable() < SCRATCH_ROOM) {
      evict(SCRATCH_ROOM - usable());
    }
    return writing(() -> new ScratchFolder(scratch));
  }

  /** Writes; when the disk is full, removes what is not in use and writes once more. */
  <T> T writing(Write<T> write) throws IOException {
    try {
      return write.run();
    } catch (DiskWriteException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      LOG.warn("{}: what is not in use is removed from {}", e.getMessage(), directory);
      evict(Long.MAX_VALUE);
    }
    try {
      return write.run();
    } catch (DiskWriteException e) {
      throw new IOException(
          e.getMessage()
              + "; free space, lower "
              + space.names().bytes()
              + ", or set "
              + space.names().folder()
              + " to a folder on a larger disk",
          e);
    }
  }

  /** What the disk has left, as a gauge; NaN when it does not say. */
  double usableBytes() {
    try {
      return usable();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private long usable() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  private synchronized void keepBudget(long added) throws IOException {
    long budget = space.bytes();
    long since = addedSinceCount.addAndGet(added);
    if (since > budget / COUNTS_PER_BUDGET || counted + since > budget) {
      long total = files().stream().mapToLong(CachedFile::size).sum();
      counted = total <= budget ? total : total - evict(total - budget);
      addedSinceCount.set(0);
    }
  }

  /**
   * One file, by all its names.
   *
   * @param used when it was last asked for
   */
  private record CachedFile(long size, Instant used, List<Path> names) {}

  private List<CachedFile> files() throws IOException {
    Map<Object, CachedFile> files = new HashMap<>();
    for (Path folder : List.of(blobs, folders)) {
      FileTree.visit(
          folder,
          (file, attributes) ->
              files
                  .computeIfAbsent(
                      attributes.fileKey() == null ? file : attributes.fileKey(),
                      key ->
                          new CachedFile(
                              attributes.size(),
                              attributes.lastModifiedTime().toInstant(),
                              new ArrayList<>()))
                  .names()
                  .add(file));
    }
    return List.copyOf(files.values());
  }

  /** Removes what has not been used for longest; returns how many bytes that was. */
  private synchronized long evict(long bytes) throws IOException {
    Instant inUse = Instant.now().minus(IN_USE);
    long freed = 0;
    for (CachedFile file :
        files().stream().sorted(Comparator.comparing(CachedFile::used)).toList()) {
      if (freed >= bytes || !file.used().isBefore(inUse)) {
        break;
      }
      if (remove(file, inUse)) {
        freed += file.size();
      }
    }
    if (freed > 0) {
      LOG.info("removed {} MB from {}", freed / 1_000_000, directory);
    }
    return freed;
  }

  private static boolean remove(CachedFile file, Instant inUse) throws IOException {
    try {
      // Another process may have asked for it since.
      if (!Files.getLastModifiedTime(file.names().get(0)).toInstant().isBefore(inUse)) {
        return false;
      }
    } catch (NoSuchFileException e) {
      return false;
    }
    for (Path name : file.names()) {
      Files.deleteIfExists(name);
    }
    return true;
  }
}
