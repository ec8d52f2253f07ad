package io.buttress.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;

/** Where files are written before they get their name. */
final class Staging {
  private static final Duration ABANDONED = Duration.ofDays(1);

  private final Path directory;

  /** Also removes what processes that were killed left here, more than a day ago. */
  Staging(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    Instant oldest = Instant.now().minus(ABANDONED);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        removeIfOlder(file, oldest);
      }
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
