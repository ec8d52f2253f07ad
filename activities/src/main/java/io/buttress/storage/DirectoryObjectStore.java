package io.buttress.storage;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Objects as read-only files below a directory, on a file system that has hard links. */
public final class DirectoryObjectStore implements ObjectStore {
  private static final String STAGING = ".incoming";

  private final Path root;
  private final Staging staging;

  /**
   * @param root created when missing
   */
  public DirectoryObjectStore(Path root) throws IOException {
    this(new Staging(root.toAbsolutePath().normalize().resolve(STAGING)).swept(), root);
  }

  private DirectoryObjectStore(Staging staging, Path root) {
    this.root = root.toAbsolutePath().normalize();
    this.staging = staging;
  }

  /** Opens a store without removing what killed processes left in it. */
  public static DirectoryObjectStore asItIs(Path root) throws IOException {
    return new DirectoryObjectStore(
        new Staging(root.toAbsolutePath().normalize().resolve(STAGING)), root);
  }

  @Override
  public boolean putIfAbsent(String key, Path file) throws IOException {
    Path target = path(key);
    if (Files.exists(target)) {
      return false;
    }
    // Written whole under another name, then linked: the link fails when the key is taken, and no
    // reader ever sees half a file.
    Path whole = staging.path();
    try {
      copyOf(file, whole);
      protect(whole);
      Files.createDirectories(target.getParent());
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
    return Files.isRegularFile(path(key));
  }

  @Override
  public List<Entry> entries(String prefix) throws IOException {
    Path start = root.resolve(prefix.substring(0, prefix.lastIndexOf('/') + 1)).normalize();
    if (!start.startsWith(root) || !Files.isDirectory(start)) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    FileTree.visit(
        start,
        (file, attributes) -> {
          String key = root.relativize(file).toString().replace('\\', '/');
          if (!staging.holds(file) && key.startsWith(prefix)) {
            entries.add(entry(key, attributes));
          }
        });
    entries.sort(Comparator.comparing(Entry::key));
    return entries;
  }

  private static Entry entry(String key, BasicFileAttributes attributes) {
    return new Entry(key, attributes.size(), attributes.lastModifiedTime().toInstant());
  }

  @Override
  public List<Entry> unfinished() throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Path file : staging.files()) {
      try {
        entries.add(
            entry(
                STAGING + "/" + file.getFileName(),
                Files.readAttributes(file, BasicFileAttributes.class)));
      } catch (NoSuchFileException e) {
        // Finished while we look.
      }
    }
    return entries;
  }

  @Override
  public void delete(String key) throws IOException {
    Path path = root.resolve(key).normalize();
    Files.deleteIfExists(staging.holds(path) ? path : path(key));
  }

  @Override
  public void copy(String from, String to) throws IOException {
    Path source = path(from);
    Path target = path(to);
    Path whole = staging.path();
    try {
      link(source, whole);
      Files.createDirectories(target.getParent());
      Files.move(
          whole, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      // Renaming one name of a file to another name of the same file leaves both.
      Files.deleteIfExists(whole);
    }
  }

  @Override
  public URI uri(String key) {
    return path(key).toUri();
  }

  @Override
  public void close() {}

  private static void copyOf(Path file, Path whole) throws IOException {
    try {
      Files.copy(file, whole);
    } catch (IOException e) {
      throw new DiskWriteException(whole, e);
    }
  }

  private static void link(Path source, Path target) throws IOException {
    try {
      // Objects are immutable, and models are large.
      Files.createLink(target, source);
    } catch (NoSuchFileException e) {
      throw e;
    } catch (FileSystemException e) {
      // Linux may forbid links to other users' files.
      Files.copy(source, target);
      protect(target);
    }
  }

  /** Models have a second name that people are shown: opening it to write must not change blobs. */
  private static void protect(Path file) throws IOException {
    if (!file.toFile().setReadOnly()) {
      throw new IOException("cannot make " + file + " read-only");
    }
  }

  private Path path(String key) {
    Path path = root.resolve(key).normalize();
    if (!path.startsWith(root) || path.equals(root) || staging.holds(path)) {
      throw new IllegalArgumentException("key outside the store: " + key);
    }
    return path;
  }
}
