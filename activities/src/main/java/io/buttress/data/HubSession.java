package io.buttress.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.model.ModelFolder;
import io.buttress.storage.DiskWriteException;
import io.buttress.study.HubUri;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one study takes from a hub: each revision is resolved to a commit once, so that all of its
 * files are of the same. For one thread.
 */
final class HubSession {
  private static final Logger LOG = LoggerFactory.getLogger(HubSession.class);
  private static final String TOKENIZER = ModelFolder.TOKENIZER.get(0);
  private static final String PICKLE = "pytorch_model.bin";
  private static final int DOWNLOADS = 3;
  private static final int SHOWN = 10;
  private static final int MEGABYTE = 1_000_000;

  private final Hub hub;
  private final Map<HubUri, Revision> revisions;
  private final Consumer<String> progress;

  HubSession(Hub hub) {
    this(hub, new HashMap<>(), detail -> {});
  }

  private HubSession(Hub hub, Map<HubUri, Revision> revisions, Consumer<String> progress) {
    this.hub = hub;
    this.revisions = revisions;
    this.progress = progress;
  }

  /** The same session, telling what it downloads. */
  HubSession telling(Consumer<String> listener) {
    return new HubSession(hub, revisions, listener);
  }

  /**
   * A revision.
   *
   * @param files what the repository holds then; null: only the cache is known
   */
  private record Revision(String commit, Set<String> files) {}

  /** A model's folder with the files that {@link ModelImport} reads. */
  Located model(HubUri uri) throws SourceException, IOException {
    Revision revision = revision(uri);
    if (revision.files() != null) {
      checkUsable(uri, revision.files());
      for (String name : ModelImport.FILES) {
        if (revision.files().contains(name)) {
          file(uri, revision, name);
        }
      }
      remember(uri, revision);
    }
    return new Located(hub.cache().snapshot(uri, revision.commit()), revision.commit());
  }

  /** A data file. */
  Located file(HubUri uri) throws SourceException, IOException {
    Revision revision = revision(uri);
    Path path = file(uri, revision, uri.file());
    if (revision.files() != null) {
      remember(uri, revision);
    }
    return new Located(path, revision.commit());
  }

  /** For those who are offline later; this study needs it not. */
  private void remember(HubUri uri, Revision revision) {
    try {
      hub.cache().putCommit(uri, revision.commit());
    } catch (IOException e) {
      LOG.warn("{}: commit {} is not noted in the cache: {}", uri, revision.commit(), e.toString());
    }
  }

  private Revision revision(HubUri uri) throws SourceException, IOException {
    HubUri key = uri.file() == null ? uri : new HubUri(uri.repository(), uri.revision(), "");
    Revision known = revisions.get(key);
    if (known == null) {
      known = hub.offline() ? cached(uri) : resolved(uri);
      revisions.put(key, known);
    }
    return known;
  }

  private Revision cached(HubUri uri) throws SourceException, IOException {
    String commit = hub.cache().commit(uri);
    if (!isCached(uri, commit)) {
      throw notCached(uri);
    }
    return new Revision(commit, null);
  }

  /** Pickles count: that they cannot be used is for {@link ModelFolder} to say. */
  private boolean isCached(HubUri uri, String commit) {
    if (uri.file() != null) {
      return hub.cache().find(uri, commit, uri.file()).isPresent();
    }
    return hub.cache().find(uri, commit, ModelFolder.CONFIG).isPresent()
        && Stream.of(ModelFolder.WEIGHTS, PICKLE)
            .anyMatch(name -> hub.cache().find(uri, commit, name).isPresent());
  }

  private SourceException notCached(HubUri uri) {
    String revision = uri.revision() == null ? "" : " --revision " + uri.revision();
    return new SourceException(
        uri
            + " is not in the local Hugging Face cache ("
            + hub.cache().folder()
            + ") and HF_HUB_OFFLINE is set; unset it, run `hf download "
            + uri.repository()
            + (uri.file() == null ? "" : " " + uri.file() + " --repo-type dataset")
            + revision
            + "`, or give a file: "
            + (uri.file() == null ? "folder" : "URI"));
  }

  private Revision resolved(HubUri uri) throws SourceException, IOException {
    String path =
        "/api/"
            + (uri.file() == null ? "models/" : "datasets/")
            + uri.repository()
            + "/revision/"
            + encoded(uri.revisionOrMain());
    try {
      return parsed(hub.http().get(path));
    } catch (HubRefusal e) {
      throw refused(uri, uri.file(), e);
    } catch (IOException e) {
      String commit = hub.cache().commit(uri);
      if (isCached(uri, commit)) {
        LOG.warn("{} is taken from the cache, commit {}: {}", uri, commit, e.toString());
        return new Revision(commit, null);
      }
      throw failed(uri, e);
    }
  }

  private Revision parsed(String body) throws IOException {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw new IOException("the answer is not a Hugging Face hub's", e);
    }
    String commit = json.path("sha").asText();
    if (!commit.matches("[0-9a-f]{40}")) {
      throw new IOException("the answer is not a Hugging Face hub's: it names no commit");
    }
    Set<String> files = new TreeSet<>();
    json.path("siblings").forEach(file -> files.add(file.path("rfilename").asText()));
    return new Revision(commit, files);
  }

  private void checkUsable(HubUri uri, Set<String> files) throws SourceException {
    if (!files.contains(ModelFolder.CONFIG)) {
      throw new SourceException(
          uri + " has no " + ModelFolder.CONFIG + ": it is not a transformers model");
    }
    if (!files.contains(ModelFolder.WEIGHTS)) {
      throw new SourceException(uri + " " + noWeights(files));
    }
    if (!files.contains(TOKENIZER)) {
      throw new SourceException(
          uri
              + " has no "
              + TOKENIZER
              + ": load it in Python with AutoTokenizer, save model and tokenizer with"
              + " save_pretrained(F), and give file:F");
    }
  }

  private static String noWeights(Set<String> files) {
    if (files.contains(ModelFolder.WEIGHTS + ".index.json")) {
      return "has its weights in several files; load it in Python with AutoModel, save it with"
          + " save_pretrained(F, max_shard_size=\"100GB\"), and give file:F";
    }
    if (files.contains(PICKLE) || files.contains(PICKLE + ".index.json")) {
      return "has its weights in a pickle only (pytorch_model.bin), which can run any code when it"
          + " is read; convert it in Python with"
          + " AutoModel.from_pretrained(NAME).save_pretrained(F, safe_serialization=True), save its"
          + " tokenizer there, too, and give file:F";
    }
    return "has no " + ModelFolder.WEIGHTS + "; weights are read from it alone";
  }

  private Path file(HubUri uri, Revision revision, String name)
      throws SourceException, IOException {
    Path here = hub.cache().find(uri, revision.commit(), name).orElse(null);
    if (here != null) {
      return here;
    }
    if (hub.offline()) {
      throw notCached(uri);
    }
    if (revision.files() == null) {
      throw new IOException(
          uri
              + ": commit "
              + revision.commit()
              + " is in the cache without this file, and "
              + hub.http().endpoint()
              + " does not answer; check HF_ENDPOINT and the network");
    }
    try {
      return fetched(uri, revision, name);
    } catch (HubRefusal e) {
      throw refused(uri, name, e);
    } catch (DiskWriteException e) {
      throw new IOException(
          uri + ": " + e.getMessage() + "; free some space, or set HF_HOME to another disk", e);
    } catch (FileSystemException e) {
      throw new IOException(
          uri + ": the local Hugging Face cache cannot be written; set HF_HOME elsewhere: " + e, e);
    } catch (IOException e) {
      throw failed(uri, e);
    }
  }

  private Path fetched(HubUri uri, Revision revision, String name)
      throws HubRefusal, SourceException, IOException {
    String path =
        (uri.file() == null ? "/" : "/datasets/")
            + uri.repository()
            + "/resolve/"
            + revision.commit()
            + "/"
            + Arrays.stream(name.split("/"))
                .map(HubSession::encoded)
                .collect(Collectors.joining("/"));
    HttpHeaders headers = hub.http().head(path);
    String etag = etag(headers);
    long size =
        headers
            .firstValueAsLong("X-Linked-Size")
            .orElse(headers.firstValueAsLong("Content-Length").orElse(-1));
    if (!headers.firstValue("X-Repo-Commit").orElse("").equals(revision.commit()) || size < 0) {
      throw new IOException("the answer for " + name + " is not a Hugging Face hub's");
    }
    return hub.cache()
        .put(
            uri,
            revision.commit(),
            name,
            etag,
            partial -> download(uri, path, name, etag, size, partial));
  }

  private static String etag(HttpHeaders headers) throws IOException {
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .orElse(headers.firstValue("ETag").orElse(""))
            .replaceFirst("^W/", "")
            .replace("\"", "");
    if (!etag.matches("[\\w-]{1,128}")) {
      throw new IOException("the answer has no ETag");
    }
    return etag;
  }

  private void download(HubUri uri, String path, String name, String etag, long size, Path partial)
      throws HubRefusal, SourceException, IOException {
    for (int attempt = 1; attempt <= DOWNLOADS; attempt++) {
      requireSpace(partial, size);
      hub.http()
          .download(
              path,
              partial,
              size,
              bytes ->
                  progress.accept(
                      name + " " + bytes / MEGABYTE + " of " + size / MEGABYTE + " MB"));
      if (matches(partial, etag, size)) {
        return;
      }
      LOG.warn("{}: {} came with a wrong checksum", uri, name);
      Files.delete(partial);
    }
    throw new SourceException(
        uri
            + ": "
            + name
            + " came "
            + DOWNLOADS
            + " times with another checksum than "
            + hub.http().endpoint()
            + " gives it; look for a proxy that changes downloads, or name another revision");
  }

  private static void requireSpace(Path partial, long size) throws IOException {
    long there = Files.exists(partial) ? Files.size(partial) : 0;
    long free = Files.getFileStore(partial.getParent()).getUsableSpace();
    if (free < size - there) {
      throw new DiskWriteException(
          partial, new IOException((size - there) / MEGABYTE + " MB are to come"));
    }
  }

  /**
   * An ETag is the sha256 of a large file, git's sha1 of a small one; of others nothing is known.
   */
  private static boolean matches(Path file, String etag, long size) throws IOException {
    if (etag.matches("[0-9a-f]{64}")) {
      return digest(file, "SHA-256", "").equals(etag);
    }
    if (etag.matches("[0-9a-f]{40}")) {
      return digest(file, "SHA-1", "blob " + size + "\0").equals(etag);
    }
    return true;
  }

  private static String digest(Path file, String algorithm, String start) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    digest.update(start.getBytes(StandardCharsets.US_ASCII));
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * @param file what was asked for; null: the repository
   */
  private SourceException refused(HubUri uri, String file, HubRefusal refusal) {
    String page =
        hub.http().endpoint() + (uri.file() == null ? "/" : "/datasets/") + uri.repository();
    String problem =
        switch (refusal.code()) {
          case "GatedRepo" ->
              hub.http().hasToken()
                  ? "is gated, and HF_TOKEN's account may not read it; accept its licence at "
                      + page
                  : "is gated; accept its licence at "
                      + page
                      + " and set HF_TOKEN to a token of that account";
          case "RevisionNotFound" ->
              "has no revision '"
                  + uri.revisionOrMain()
                  + "'; see the branches and tags at "
                  + page;
          case "EntryNotFound" -> "has no file " + file + holds(uri);
          case "RepoNotFound" -> noRepository(uri);
          default -> other(uri, refusal);
        };
    return new SourceException(uri + " " + problem);
  }

  private String noRepository(HubUri uri) {
    return "is not at "
        + hub.http().endpoint()
        + (hub.http().hasToken()
            ? ", or HF_TOKEN's account may not see it; check owner and name"
            : ", or is private; check owner and name, or set HF_TOKEN");
  }

  private String other(HubUri uri, HubRefusal refusal) {
    String reason = refusal.reason().isEmpty() ? "" : ": " + refusal.reason();
    boolean denied = refusal.status() == 401 || refusal.status() == 403;
    if (denied && hub.http().hasToken()) {
      return "cannot be read with this HF_TOKEN" + reason + "; check it, or unset it";
    }
    // A hub tells strangers neither what is private nor what is not there.
    if (refusal.status() == 401) {
      return noRepository(uri);
    }
    return "is refused by "
        + hub.http().endpoint()
        + " with status "
        + refusal.status()
        + reason
        + (denied ? "; set HF_TOKEN" : "; check HF_ENDPOINT");
  }

  private String holds(HubUri uri) {
    Revision revision =
        revisions.get(new HubUri(uri.repository(), uri.revision(), uri.file() == null ? null : ""));
    List<String> files =
        revision == null || revision.files() == null
            ? List.of()
            : revision.files().stream().filter(file -> !file.startsWith(".")).toList();
    if (files.isEmpty()) {
      return "";
    }
    String shown = files.stream().limit(SHOWN).collect(Collectors.joining(", "));
    return "; it has "
        + shown
        + (files.size() > SHOWN ? " and " + (files.size() - SHOWN) + " more" : "");
  }

  private IOException failed(HubUri uri, IOException problem) {
    Throwable cause = problem.getCause() == null ? problem : problem.getCause();
    return new IOException(
        uri
            + " cannot be fetched from "
            + hub.http().endpoint()
            + ": "
            + problem.getMessage()
            + (cause == problem ? "" : " (" + cause.getClass().getSimpleName() + ")")
            + "; check HF_ENDPOINT and the network",
        problem);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
