package io.buttress.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Files on their way into the store; gone when closed. */
public final class ScratchFolder implements AutoCloseable {
  private final Path root;

  public ScratchFolder() throws IOException {
    root = Files.createTempDirectory("buttress-");
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
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(root)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}
