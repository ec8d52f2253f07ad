package io.buttress.storage;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Content-addressed artifacts over an {@link ObjectStore}, with a local disk cache.
 *
 * <p>Bytes live at {@code blobs/<sha256>}. {@code refs/<key>} names an artifact's files and is
 * written last, so an artifact is there whole or not at all; whoever loses a race to write it
 * adopts the winner's. Digests are verified when bytes come from the store, and once per process
 * when they come from the cache. Safe for many threads, and for many processes on one cache.
 */
public final class ArtifactStore {
  static final String BLOBS = "blobs/";
  static final String REFS = "refs/";

  private static final Logger LOG = LoggerFactory.getLogger(ArtifactStore.class);

  /** Attempts to read bytes that turn out to be damaged. */
  private static final int READS = 2;

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  private final ObjectStore objects;
  private final LocalCache cache;
  private final Counter hits;
  private final Counter misses;

  /** With a cache of the default size. */
  public ArtifactStore(ObjectStore objects, Path cache) throws IOException {
    this(objects, new CacheSpace(cache), new MetricRegistry());
  }

  /**
   * @param cache for verified local copies
   * @param metrics where the cache's hits and misses are counted
   */
  public ArtifactStore(ObjectStore objects, CacheSpace cache, MetricRegistry metrics)
      throws IOException {
    this.objects = objects;
    this.cache = new LocalCache(cache);
    hits = metrics.counter("buttress.cache.hits");
    misses = metrics.counter("buttress.cache.misses");
    metrics.gauge("buttress.cache.disk.free.bytes", () -> this.cache::usableBytes);
  }

  /**
   * An artifact whose files can all be read here, as far as can be told without reading them. What
   * is corrupt or names lost blobs is removed and counts as absent, so that it is made anew.
   */
  public Optional<Artifact> find(String key) throws IOException {
    String flaw = null;
    // Damage may be in transit only, and the stored bytes sound.
    for (int attempt = 1; attempt <= READS; attempt++) {
      Optional<byte[]> ref = Download.bytes(objects, refKey(key));
      if (ref.isEmpty()) {
        return Optional.empty();
      }
      Optional<Artifact> artifact = parse(key, ref.get());
      Optional<String> lost = artifact.isEmpty() ? Optional.empty() : lostFile(artifact.get());
      if (artifact.isPresent() && lost.isEmpty()) {
        return artifact;
      }
      flaw = lost.map(name -> "the store has lost its " + name).orElse("it is corrupt");
    }
    LOG.warn("{} is removed, and made anew when it is needed: {}", refKey(key), flaw);
    objects.delete(refKey(key));
    return Optional.empty();
  }

  /**
   * What a ref names, whether or not that is there.
   *
   * @throws IOException when it is corrupt
   */
  static Optional<Artifact> read(ObjectStore objects, String key) throws IOException {
    Optional<byte[]> ref = Download.bytes(objects, refKey(key));
    if (ref.isEmpty()) {
      return Optional.empty();
    }
    Optional<Artifact> artifact = parse(key, ref.get());
    if (artifact.isEmpty()) {
      throw new IOException(refKey(key) + " is corrupt: it does not describe this artifact");
    }
    return artifact;
  }

  private Optional<String> lostFile(Artifact artifact) throws IOException {
    for (Map.Entry<String, Blob> file : artifact.files().entrySet()) {
      if (!has(file.getValue())) {
        return Optional.of(file.getKey());
      }
    }
    return Optional.empty();
  }

  private static Optional<Artifact> parse(String key, byte[] ref) {
    try {
      return Optional.ofNullable(Json.MAPPER.readValue(ref, Artifact.class))
          .filter(artifact -> key.equals(artifact.key()) && isSound(artifact));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether a blob is in the store or at hand; no request when it is at hand. */
  public boolean has(Blob blob) throws IOException {
    return cache.has(blob) || objects.exists(blobKey(blob));
  }

  /**
   * @throws LostArtifactException when there is no such artifact
   */
  public Artifact get(String key) throws IOException {
    return find(key)
        .orElseThrow(
            () ->
                new LostArtifactException(
                    refKey(key)
                        + ", which an earlier step stored, is not in the store: start the study"
                        + " again, which makes anew what is lost"));
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
    byte[] json = Json.canonical(artifact).getBytes(StandardCharsets.UTF_8);
    Path ref = cache.incoming();
    try {
      cache.writing(() -> write(new ByteArrayInputStream(json), ref));
      // Once more after find removed a ref that was corrupt or named lost blobs.
      for (int attempt = 1; attempt <= 2; attempt++) {
        if (objects.putIfAbsent(refKey(artifact.key()), ref)) {
          restorePruned(artifact);
          return artifact;
        }
        Optional<Artifact> winner = find(artifact.key());
        if (winner.isPresent()) {
          return winner.get();
        }
      }
      throw new IOException(refKey(artifact.key()) + " is taken, but cannot be read");
    } finally {
      Files.deleteIfExists(ref);
    }
  }

  /**
   * A blob that was there, and so was not uploaded, may have been pruned before its ref was
   * written. {@link Prune} looks for new refs after it removed blobs, and we for the blobs after we
   * wrote the ref: one of us sees what the other did.
   */
  private void restorePruned(Artifact artifact) throws IOException {
    for (Blob blob : artifact.files().values()) {
      if (!restore(blob)) {
        objects.delete(refKey(artifact.key()));
        throw new IOException(
            blobKey(blob) + " was removed while an artifact that names it was stored");
      }
    }
  }

  /**
   * Stores a blob again that the store has lost and the cache has not.
   *
   * @return whether it is in the store
   */
  public boolean restore(Blob blob) throws IOException {
    if (objects.exists(blobKey(blob))) {
      return true;
    }
    Optional<Path> local = cache.find(blob);
    if (local.isPresent()) {
      objects.putIfAbsent(blobKey(blob), local.get());
    }
    return local.isPresent();
  }

  /** Stores bytes under their digest (once), and keeps a local copy. */
  public Blob putBlob(Path file) throws IOException {
    // A copy of our own, because somebody may write to the file between digest and upload.
    Path copy = cache.incoming();
    try {
      String sha256 =
          cache.writing(
              () -> {
                try (InputStream in = Files.newInputStream(file)) {
                  return write(in, copy);
                }
              });
      Blob blob = new Blob(sha256, Files.size(copy));
      if (!objects.exists(blobKey(blob))) {
        // The store may be on this disk, too.
        cache.writing(() -> objects.putIfAbsent(blobKey(blob), copy));
      }
      if (cache.find(blob).isEmpty()) {
        cache.take(copy, sha256);
      }
      return blob;
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  /** Returns the sha256 of what was written. */
  private static String write(InputStream in, Path file) throws IOException {
    try (OutputStream out = DiskWriteException.stream(file)) {
      return copy(in, out);
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

  /**
   * A verified local copy of a blob. Do not write to it.
   *
   * @throws IOException also when it is not in the store, or corrupt there even when read twice: it
   *     is then removed, and what names it counts as absent
   */
  public Path blob(Blob blob) throws IOException {
    Optional<Path> local = cache.find(blob);
    if (local.isPresent()) {
      hits.inc();
      return local.get();
    }
    misses.inc();
    String key = blobKey(blob);
    Path partial = cache.incoming();
    try {
      for (int attempt = 1; attempt <= READS; attempt++) {
        String found =
            cache
                .writing(() -> Download.file(objects, key, partial))
                .orElseThrow(() -> new IOException("no " + key + " in the store"));
        if (found.equals(blob.sha256())) {
          return cache.take(partial, blob.sha256());
        }
        LOG.warn(
            "{} in the store is corrupt: its {} bytes (expected: {}) have sha256 {}",
            key,
            Files.size(partial),
            blob.size(),
            found);
      }
    } finally {
      Files.deleteIfExists(partial);
    }
    objects.delete(key);
    throw new IOException(
        key + " was corrupt in the store and is removed: trying again makes anew what needs it");
  }

  /** Lays an artifact's files out as a folder (links into the cache). Do not write to them. */
  public Path folder(Artifact artifact) throws IOException {
    Path folder = cache.folder(artifact.key());
    for (String name : artifact.files().keySet()) {
      cache.link(file(artifact, name), folder, name);
    }
    return folder;
  }

  /** A folder for files on their way into the store. */
  public ScratchFolder scratch() throws IOException {
    return cache.scratch();
  }

  /** Copies a blob to a key that people look at; overwrites. */
  public void copy(Blob blob, String to) throws IOException {
    restore(blob);
    objects.copy(blobKey(blob), to);
  }

  public ObjectStore objects() {
    return objects;
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

  private static String refKey(String key) {
    return REFS + key;
  }

  /** Where the object store has a blob. */
  public static String blobKey(Blob blob) {
    return BLOBS + blob.sha256();
  }

  /** The digest of a file's bytes, as blobs are named. */
  public static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return copy(in, OutputStream.nullOutputStream());
    }
  }

  /** Returns the sha256 of what was copied. */
  static String copy(InputStream in, OutputStream out) throws IOException {
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
