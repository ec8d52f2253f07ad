package io.buttress.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** Objects as files below a directory. */
public final class DirectoryObjectStore implements ObjectStore {
  private final Path root;
  private final Path incoming;

  public DirectoryObjectStore(Path root) throws IOException {
    this.root = root.toAbsolutePath().normalize();
    this.incoming = this.root.resolve(".incoming");
    Files.createDirectories(incoming);
  }

  @Override
  public boolean putIfAbsent(String key, Path file) throws IOException {
    Path target = path(key);
    if (Files.exists(target)) {
      return false;
    }
    Files.createDirectories(target.getParent());
    // Written whole under another name, then linked: the link fails when the key is taken, and no
    // reader ever sees half a file.
    Path whole = incoming.resolve(UUID.randomUUID().toString());
    try {
      Files.copy(file, whole);
      Files.createLink(target, whole);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  @Override
  public Optional<InputStream> get(String key) throws IOException {
    try {
      return Optional.of(Files.newInputStream(path(key)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean exists(String key) {
    return Files.exists(path(key));
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.startsWith(incoming))
          .map(file -> root.relativize(file).toString().replace('\\', '/'))
          .filter(key -> key.startsWith(prefix))
          .sorted()
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public void delete(String key) throws IOException {
    Files.deleteIfExists(path(key));
  }

  @Override
  public void copy(String from, String to) throws IOException {
    Path target = path(to);
    Files.createDirectories(target.getParent());
    Path whole = incoming.resolve(UUID.randomUUID().toString());
    // A hard link: objects are immutable, and models are large.
    Files.createLink(whole, path(from));
    Files.move(whole, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(whole);
  }

  @Override
  public URI uri(String key) {
    return path(key).toUri();
  }

  @Override
  public void close() {}

  private Path path(String key) {
    Path path = root.resolve(key).normalize();
    if (!path.startsWith(root) || path.equals(root)) {
      throw new IllegalArgumentException("key outside the store: " + key);
    }
    return path;
  }
}
