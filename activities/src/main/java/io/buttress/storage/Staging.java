package io.buttress.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Where files are written before they get their name. */
final class Staging {
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path directory;

  /**
   * @param directory created when missing
   */
  Staging(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  /** Removes what processes that were killed left here, more than a day ago. */
  Staging swept() throws IOException {
    Instant oldest = Instant.now().minus(ABANDONED);
    for (Path file : files()) {
      removeIfOlder(file, oldest);
    }
    return this;
  }

  List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }

  /** A name nobody else uses; there is no such file yet. */
  Path path() {
    return directory.resolve(UUID.randomUUID().toString());
  }

  boolean holds(Path file) {
    return file.startsWith(directory);
  }

  private static void removeIfOlder(Path file, Instant oldest) throws IOException {
    try {
      if (Files.getLastModifiedTime(file).toInstant().isBefore(oldest)) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      // Another process was faster.
    }
  }
}
