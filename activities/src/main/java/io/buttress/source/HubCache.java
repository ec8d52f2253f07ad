package io.buttress.source;

import io.buttress.study.HubUri;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * The cache of Python's {@code huggingface_hub}, read and written: {@code refs/<revision>} holds a
 * commit, {@code snapshots/<commit>/<file>} links to {@code blobs/<etag>}.
 */
final class HubCache {
  private final Path hub;

  /**
   * @param hub need not exist
   */
  HubCache(Path hub) {
    this.hub = hub.toAbsolutePath();
  }

  Path folder() {
    return hub;
  }

  /** The commit of a branch or tag when it was last looked up; the revision itself if unknown. */
  String commit(HubUri uri) throws IOException {
    Path ref = ref(uri);
    return Files.isRegularFile(ref) ? Files.readString(ref).strip() : uri.revisionOrMain();
  }

  void putCommit(HubUri uri, String commit) throws IOException {
    if (commit(uri).equals(commit)) {
      return;
    }
    Path ref = ref(uri);
    Path whole = Files.createDirectories(ref.getParent()).resolve("." + UUID.randomUUID());
    Files.writeString(whole, commit);
    Files.move(whole, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path ref(HubUri uri) {
    return repository(uri).resolve("refs").resolve(uri.revisionOrMain());
  }

  Path snapshot(HubUri uri, String commit) {
    return repository(uri).resolve("snapshots").resolve(commit);
  }

  /** A file of a snapshot, or empty when it is not here whole. */
  Optional<Path> find(HubUri uri, String commit, String file) {
    return Optional.of(snapshot(uri, commit).resolve(file)).filter(Files::isRegularFile);
  }

  private Path repository(HubUri uri) {
    String kind = uri.file() == null ? "models--" : "datasets--";
    return hub.resolve(kind + uri.repository().replace("/", "--"));
  }

  /** Fetches a blob to a file, which may hold the beginning of it. */
  @FunctionalInterface
  interface Fetch {
    void into(Path file) throws Refusal, SourceException, IOException;
  }

  /** Puts a file into a snapshot; fetches its blob if it is not here, one process at a time. */
  Path put(HubUri uri, String commit, String file, String etag, Fetch fetch)
      throws Refusal, SourceException, IOException {
    Path blob = Files.createDirectories(repository(uri).resolve("blobs")).resolve(etag);
    if (!Files.exists(blob)) {
      fetch(uri, blob, fetch);
    }
    Path pointer = snapshot(uri, commit).resolve(file);
    Files.createDirectories(pointer.getParent());
    // A link to a blob that is gone counts as absent.
    if (!Files.exists(pointer)) {
      Files.deleteIfExists(pointer);
      try {
        Files.createSymbolicLink(pointer, pointer.getParent().relativize(blob));
      } catch (FileAlreadyExistsException e) {
        // Another process was faster.
      }
    }
    return pointer;
  }

  private void fetch(HubUri uri, Path blob, Fetch fetch)
      throws Refusal, SourceException, IOException {
    // Not Python's names: its locks (flock) and Java's do not exclude each other.
    Path partial = blob.resolveSibling(blob.getFileName() + ".buttress.incomplete");
    Path locks = hub.resolve(".locks").resolve(repository(uri).getFileName());
    Path lock = Files.createDirectories(locks).resolve(blob.getFileName() + ".buttress.lock");
    FileLocks.holding(
        lock,
        () -> {
          if (!Files.exists(blob)) {
            fetch.into(partial);
            Files.move(partial, blob, StandardCopyOption.ATOMIC_MOVE);
          }
        });
  }
}
