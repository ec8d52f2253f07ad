package io.buttress.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Content-addressed artifacts over an {@link ObjectStore}, with a local disk cache.
 *
 * <p>Bytes live at {@code blobs/<sha256>}. {@code refs/<key>} names an artifact's files and is
 * written last, so an artifact is there whole or not at all; whoever loses a race to write it
 * adopts the winner's. Reads verify digests.
 */
public final class ArtifactStore {
  private final ObjectStore objects;
  private final Path cache;

  /**
   * @param cache directory for verified local copies; created when missing
   */
  public ArtifactStore(ObjectStore objects, Path cache) throws IOException {
    this.objects = objects;
    this.cache = Files.createDirectories(cache.toAbsolutePath());
  }

  /** The key of the artifact with these deciding inputs (any value with a JSON form). */
  public static String key(Object decidingInputs) {
    return Json.sha256(decidingInputs);
  }

  public Optional<Artifact> find(String key) throws IOException {
    Optional<InputStream> ref = objects.get("refs/" + key);
    if (ref.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = ref.get()) {
      return Optional.of(Json.MAPPER.readValue(in.readAllBytes(), Artifact.class));
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
    TreeMap<String, Blob> blobs = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      blobs.put(file.getKey(), putBlob(file.getValue()));
    }
    return putRef(new Artifact(key, blobs));
  }

  /** Names blobs that are already stored as an artifact, or adopts the one that is there. */
  public Artifact putRef(Artifact artifact) throws IOException {
    Path ref = Files.createTempFile(cache, "ref-", ".json");
    try {
      Files.writeString(ref, Json.canonical(artifact));
      return objects.putIfAbsent("refs/" + artifact.key(), ref) ? artifact : get(artifact.key());
    } finally {
      Files.deleteIfExists(ref);
    }
  }

  /** Stores bytes under their digest; does nothing when they are there. */
  public Blob putBlob(Path file) throws IOException {
    Blob blob = new Blob(sha256(file), Files.size(file));
    String key = "blobs/" + blob.sha256();
    if (!objects.exists(key)) {
      objects.putIfAbsent(key, file);
    }
    return blob;
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
    Path local = cache.resolve(blob.sha256());
    if (Files.exists(local) && Files.size(local) == blob.size()) {
      return local;
    }
    String key = "blobs/" + blob.sha256();
    Path partial = Files.createTempFile(cache, "partial-", "");
    try (InputStream in =
        objects.get(key).orElseThrow(() -> new IOException("no " + key + " in the store"))) {
      DigestInputStream digest = new DigestInputStream(in, sha256());
      try (OutputStream out = Files.newOutputStream(partial)) {
        digest.transferTo(out);
      }
      String found = HexFormat.of().formatHex(digest.getMessageDigest().digest());
      if (!found.equals(blob.sha256())) {
        throw new IOException(key + " is corrupt: its bytes have sha256 " + found);
      }
      Files.move(
          partial, local, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return local;
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /** Lays an artifact's files out as a folder (links into the cache). Do not write to them. */
  public Path folder(Artifact artifact) throws IOException {
    Path folder = cache.resolve("folders").resolve(artifact.key());
    for (String name : artifact.files().keySet()) {
      Path link = folder.resolve(name);
      if (!Files.exists(link)) {
        Files.createDirectories(link.getParent());
        Path made = Files.createTempFile(cache, "link-", "");
        Files.delete(made);
        Files.createLink(made, file(artifact, name));
        Files.move(made, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return folder;
  }

  public ObjectStore objects() {
    return objects;
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
