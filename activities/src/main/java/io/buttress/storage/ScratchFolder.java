package io.buttress.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** Files on their way into the store; gone when closed. */
public final class ScratchFolder implements AutoCloseable {
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path root;

  public ScratchFolder() throws IOException {
    root = Files.createTempDirectory("buttress-");
  }

  public ScratchFolder(Path parent) throws IOException {
    root = parent.resolve(UUID.randomUUID().toString());
    try {
      Files.createDirectory(root);
    } catch (IOException e) {
      throw new DiskWriteException(root, e);
    }
  }

  /** Removes what processes that were killed left in a folder, more than a day ago. */
  public static void sweep(Path parent) throws IOException {
    Instant oldest = Instant.now().minus(ABANDONED);
    try (Stream<Path> folders = Files.list(parent)) {
      for (Path folder : folders.toList()) {
        try {
          if (Files.getLastModifiedTime(folder).toInstant().isBefore(oldest)) {
            remove(folder);
          }
        } catch (NoSuchFileException e) {
          // Another process was faster.
        }
      }
    }
  }

  public Path root() {
    return root;
  }

  /** Every file by its path below the root, with {@code /}. */
  public Map<String, Path> files() throws IOException {
    Map<String, Path> files = new LinkedHashMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile).sorted()::iterator) {
        files.put(root.relativize(path).toString().replace('\\', '/'), path);
      }
    }
    return files;
  }

  @Override
  public void close() throws IOException {
    remove(root);
  }

  private static void remove(Path root) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(root)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
