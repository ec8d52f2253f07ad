package io.buttress.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The folders that {@code file:} may read.
 *
 * @param folders nothing is read but what lies below one of these, after links are followed
 * @param name of the setting, for messages
 */
public record FileRoots(List<Path> folders, String name) {
  public FileRoots {
    folders = folders.stream().map(FileRoots::followed).toList();
  }

  /**
   * @param path with its links followed
   * @param uri what the study says, for the message
   */
  void requireAllowed(Path path, String uri) throws SourceException {
    if (folders.stream().noneMatch(path::startsWith)) {
      throw new SourceException(
          uri + " lies outside the folders that this worker may read (" + name + ")");
    }
  }

  /** Follows links as far as the path exists. */
  static Path followed(Path path) {
    Path normal = path.toAbsolutePath().normalize();
    for (Path there = normal; there != null; there = there.getParent()) {
      try {
        return there.toRealPath().resolve(there.relativize(normal)).normalize();
      } catch (IOException e) {
        // Not there or not to be entered: what is above it decides.
        continue;
      }
    }
    return normal;
  }
}
