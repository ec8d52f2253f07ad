package io.buttress.source;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.model.ModelFolder;
import io.buttress.study.HubUri;
import io.buttress.study.Json;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
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

  private final Hub hub;
  private final HubMessages messages;
  private final Map<HubUri, Revision> revisions;
  private final Consumer<String> progress;

  HubSession(Hub hub) {
    this(hub, new HashMap<>(), detail -> {});
  }

  private HubSession(Hub hub, Map<HubUri, Revision> revisions, Consumer<String> progress) {
    this.hub = hub;
    this.messages = new HubMessages(hub.access());
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

  /** A model's folder with the files that a model is made of. */
  Located model(HubUri uri) throws SourceException, IOException {
    Revision revision = revision(uri);
    if (revision.files() != null) {
      checkUsable(uri, revision.files());
      for (String name : ModelFolder.FILES) {
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

  /** Notes the commit in the cache for later use offline; a failure does not matter here. */
  private void remember(HubUri uri, Revision revision) {
    try {
      hub.cache().putCommit(uri, revision.commit());
    } catch (IOException e) {
      LOG.warn("{}: commit {} is not noted in the cache: {}", uri, revision.commit(), e.toString());
    }
  }

  private Revision revision(HubUri uri) throws SourceException, IOException {
    String files = uri.file() == null ? null : "";
    HubUri key = new HubUri(uri.repository(), uri.revisionOrMain(), files);
    Revision known = revisions.get(key);
    if (known == null) {
      known = hub.access().offline() ? cached(uri) : resolved(uri);
      revisions.put(key, known);
    }
    return known;
  }

  private Revision cached(HubUri uri) throws SourceException, IOException {
    String commit = hub.cache().commit(uri);
    if (!isCached(uri, commit)) {
      throw messages.notCached(uri, hub.cache().folder());
    }
    return new Revision(commit, null);
  }

  /** Whether the cache holds a file, or a model; {@link ModelFolder} refuses weights in pickles. */
  private boolean isCached(HubUri uri, String commit) {
    if (uri.file() != null) {
      return hub.cache().find(uri, commit, uri.file()).isPresent();
    }
    return hub.cache().find(uri, commit, ModelFolder.CONFIG).isPresent()
        && Stream.of(ModelFolder.WEIGHTS, PICKLE)
            .anyMatch(name -> hub.cache().find(uri, commit, name).isPresent());
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
    } catch (Refusal e) {
      throw messages.refused(uri, uri.file(), e, Set.of());
    } catch (IOException e) {
      String commit = hub.cache().commit(uri);
      if (isCached(uri, commit)) {
        LOG.warn("{} is taken from the cache, commit {}: {}", uri, commit, e.toString());
        return new Revision(commit, null);
      }
      throw messages.failed(uri, e);
    }
  }

  private Revision parsed(String body) throws IOException {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      // Not the parser's message, which quotes the answer.
      throw new IOException("the answer is not a Hugging Face hub's");
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
    if (hub.access().offline()) {
      throw messages.notCached(uri, hub.cache().folder());
    }
    if (revision.files() == null) {
      throw messages.partlyCached(uri, revision.commit());
    }
    try {
      return new HubDownload(hub, uri, revision.commit(), progress).fetch(name);
    } catch (Refusal e) {
      throw messages.refused(uri, name, e, revision.files());
    } catch (IOException e) {
      throw messages.failed(uri, e);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
