package io.buttress.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Content-addressed artifacts over an {@link ObjectStore}, with a local disk cache.
 *
 * <p>Bytes live at {@code blobs/<sha256>}. {@code refs/<key>} names an artifact's files and is
 * written last, so an artifact is there whole or not at all; whoever loses a race to write it
 * adopts the winner's. Digests are verified when bytes come from the store, and once per process
 * when they come from the cache. Safe for many threads, and for many processes on one cache.
 */
public final class ArtifactStore {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private final ObjectStore objects;
  private final Path blobs;
  private final Path folders;
  private final Staging staging;
  private final Set<String> verified = ConcurrentHashMap.newKeySet();

  /**
   * @param cache directory for verified local copies; created when missing
   */
  public ArtifactStore(ObjectStore objects, Path cache) throws IOException {
    Path directory = cache.toAbsolutePath().normalize();
    this.objects = objects;
    this.blobs = Files.createDirectories(directory.resolve("blobs"));
    this.folders = Files.createDirectories(directory.resolve("folders"));
    this.staging = new Staging(directory.resolve("incoming")).swept();
  }

  /** The key of the artifact with these deciding inputs (any value with a JSON form). */
  public static String key(Object decidingInputs) {
    return Json.sha256(decidingInputs);
  }

  /**
   * @throws IOException also when what is there is no artifact with this key
   */
  public Optional<Artifact> find(String key) throws IOException {
    return find(objects, key);
  }

  static Optional<Artifact> find(ObjectStore objects, String key) throws IOException {
    Optional<InputStream> ref = objects.get("refs/" + key);
    if (ref.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = ref.get()) {
      Artifact artifact = Json.MAPPER.readValue(in.readAllBytes(), Artifact.class);
      if (artifact == null || !key.equals(artifact.key()) || !isSound(artifact)) {
        throw new IOException("refs/" + key + " is corrupt: it does not describe this artifact");
      }
      return Optional.of(artifact);
    } catch (JsonProcessingException e) {
      throw new IOException("refs/" + key + " is corrupt: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * @throws IOException also when there is no such artifact
   */
  public Artifact get(String key) throws IOException {
    return find(key)
        .orElseThrow(() -> new IOException("no artifact refs/" + key + " in the store"));
  }

  /** Stores files as an artifact, or adopts the one that is already there. */
  public Artifact put(String key, Map<String, Path> files) throws IOException {
    TreeMap<String, Blob> stored = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      stored.put(file.getKey(), putBlob(file.getValue()));
    }
    return putRef(new Artifact(key, stored));
  }

  /** Names blobs that were just stored as an artifact, or adopts the one that is there. */
  public Artifact putRef(Artifact artifact) throws IOException {
    if (!isSound(artifact)) {
      throw new IllegalArgumentException("not a storable artifact: " + artifact);
    }
    Path ref = staging.path();
    try {
      Files.writeString(ref, Json.canonical(artifact));
      if (!objects.putIfAbsent("refs/" + artifact.key(), ref)) {
        return get(artifact.key());
      }
    } finally {
      Files.deleteIfExists(ref);
    }
    restorePruned(artifact);
    return artifact;
  }

  /**
   * A blob that was there, and so was not uploaded, may have been pruned before its ref was
   * written. {@link Prune} looks for new refs after it removed blobs, and we for the blobs after we
   * wrote the ref: one of us sees what the other did.
   */
  private void restorePruned(Artifact artifact) throws IOException {
    for (Blob blob : artifact.files().values()) {
      String key = "blobs/" + blob.sha256();
      Path local = blobs.resolve(blob.sha256());
      if (objects.exists(key)) {
        continue;
      }
      if (!isCached(local, blob)) {
        objects.delete("refs/" + artifact.key());
        throw new IOException(key + " was removed while an artifact that names it was stored");
      }
      objects.putIfAbsent(key, local);
    }
  }

  /** Stores bytes under their digest (once), and keeps a local copy. */
  public Blob putBlob(Path file) throws IOException {
    // A copy of our own, because somebody may write to the file between digest and upload.
    Path copy = staging.path();
    try {
      String sha256;
      try (InputStream in = Files.newInputStream(file)) {
        sha256 = copy(in, copy);
      }
      Blob blob = new Blob(sha256, Files.size(copy));
      String key = "blobs/" + sha256;
      if (!objects.exists(key)) {
        objects.putIfAbsent(key, copy);
      }
      moveIntoCache(copy, sha256);
      return blob;
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /**
   * A verified local copy of one file of an artifact. Do not write to it.
   *
   * @throws IOException also when the artifact has no such file or the stored bytes are corrupt
   */
  public Path file(Artifact artifact, String name) throws IOException {
    Blob blob = artifact.files().get(name);
    if (blob == null) {
      throw new IOException("artifact " + artifact.key() + " has no file " + name);
    }
    return blob(blob);
  }

  /** A verified local copy of a blob. Do not write to it. */
  public Path blob(Blob blob) throws IOException {
    Path local = blobs.resolve(blob.sha256());
    if (isCached(local, blob)) {
      return local;
    }
    String key = "blobs/" + blob.sha256();
    Path partial = staging.path();
    try (InputStream in =
        objects.get(key).orElseThrow(() -> new IOException("no " + key + " in the store"))) {
      String found = copy(in, partial);
      if (!found.equals(blob.sha256())) {
        throw new IOException(
            key
                + " in the store is corrupt: its "
                + Files.size(partial)
                + " bytes (expected: "
                + blob.size()
                + ") have sha256 "
                + found
                + "; restore it, or delete it and every ref that names it");
      }
      moveIntoCache(partial, blob.sha256());
      return local;
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** Lays an artifact's files out as a folder (links into the cache). Do not write to them. */
  public Path folder(Artifact artifact) throws IOException {
    Path folder = folders.resolve(artifact.key());
    for (String name : artifact.files().keySet()) {
      Path cached = file(artifact, name);
      Path link = folder.resolve(name);
      // A link may still hold bytes that were found corrupt and fetched anew.
      if (!Files.exists(link) || !Files.isSameFile(link, cached)) {
        Files.createDirectories(link.getParent());
        Path made = staging.path();
        try {
          Files.createLink(made, cached);
          Files.move(
              made, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
          Files.deleteIfExists(made);
        }
      }
    }
    return folder;
  }

  public ObjectStore objects() {
    return objects;
  }

  private boolean isCached(Path local, Blob blob) throws IOException {
    try {
      if (Files.size(local) != blob.size()) {
        return false;
      }
      if (!verified.contains(blob.sha256())) {
        try (InputStream in = Files.newInputStream(local)) {
          if (!digest(in, OutputStream.nullOutputStream()).equals(blob.sha256())) {
            return false;
          }
        }
        verified.add(blob.sha256());
      }
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private void moveIntoCache(Path file, String sha256) throws IOException {
    Files.move(
        file,
        blobs.resolve(sha256),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    verified.add(sha256);
  }

  /** Whether names and digests are safe to make paths of. */
  private static boolean isSound(Artifact artifact) {
    return artifact.key() != null
        && SHA256.matcher(artifact.key()).matches()
        && artifact.files() != null
        && artifact.files().entrySet().stream()
            .allMatch(
                file ->
                    isSoundName(file.getKey())
                        && file.getValue() != null
                        && file.getValue().sha256() != null
                        && SHA256.matcher(file.getValue().sha256()).matches()
                        && file.getValue().size() >= 0);
  }

  private static boolean isSoundName(String name) {
    Path path = Path.of(name);
    return !name.isEmpty()
        && !path.isAbsolute()
        && path.normalize().equals(path)
        && !path.startsWith("..");
  }

  private static String copy(InputStream from, Path to) throws IOException {
    try (OutputStream out = Files.newOutputStream(to)) {
      return digest(from, out);
    }
  }

  /** The digest of a file's bytes, as blobs are named. */
  public static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return digest(in, OutputStream.nullOutputStream());
    }
  }

  private static String digest(InputStream in, OutputStream out) throws IOException {
    DigestInputStream digest = new DigestInputStream(in, sha256());
    digest.transferTo(out);
    return HexFormat.of().formatHex(digest.getMessageDigest().digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
