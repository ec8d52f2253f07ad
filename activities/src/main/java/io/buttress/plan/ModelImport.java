package io.buttress.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.dataset.SubwordTokenizer;
import io.buttress.model.EncoderConfig;
import io.buttress.model.InvalidModelException;
import io.buttress.model.ModelFolder;
import io.buttress.source.Located;
import io.buttress.source.SourceException;
import io.buttress.source.SourceSession;
import io.buttress.source.Sources;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import io.buttress.study.ResolvedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/** Checks Hugging Face model folders and copies them into the store. */
public final class ModelImport {
  private final ArtifactStore store;
  private final Sources sources;

  public ModelImport(ArtifactStore store, Sources sources) {
    this.store = store;
    this.sources = sources;
  }

  /** An imported model and its architecture. */
  record Imported(ResolvedModel model, EncoderConfig config) {}

  /**
   * Imports a model; equal files make equal digests, wherever they come from.
   *
   * @throws SourceException naming the file and what is wrong with it
   */
  public Imported load(String uri, SourceSession session) throws SourceException, IOException {
    Located source = sources.modelFolder(uri, session);
    Path folder = source.path();
    EncoderConfig config;
    try {
      config = ModelFolder.read(folder).config();
    } catch (InvalidModelException e) {
      throw new SourceException(uri + ": " + e.getMessage());
    }
    Map<String, Path> files = files(folder, uri);
    checkTokenizer(files.get("tokenizer.json"), config.vocabulary(), uri);
    return new Imported(store(uri, source.commit(), files), config);
  }

  private Map<String, Path> files(Path folder, String uri) throws SourceException {
    Map<String, Path> files = new TreeMap<>();
    for (String name : ModelFolder.FILES) {
      Path file = sources.inModelFolder(folder, name, uri);
      if (Files.isReadable(file)) {
        files.put(name, file);
      } else if (name.equals("tokenizer.json")) {
        throw new SourceException(
            uri + ": no tokenizer.json; save the model's fast tokenizer beside it");
      }
    }
    return files;
  }

  private static JsonNode json(Path file, String uri) throws SourceException, IOException {
    try {
      return Json.MAPPER.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new SourceException(uri + ": " + file.getFileName() + " is not JSON");
    }
  }

  private static void checkTokenizer(Path file, int vocabulary, String uri)
      throws SourceException, IOException {
    try {
      new SubwordTokenizer(file, 16).close();
    } catch (SourceException e) {
      throw new SourceException(uri + ": " + e.getMessage());
    }
    JsonNode tokenizer = json(file, uri);
    int largest = -1;
    for (Iterator<JsonNode> id = tokenizer.path("model").path("vocab").elements(); id.hasNext(); ) {
      largest = Math.max(largest, id.next().asInt());
    }
    for (JsonNode token : tokenizer.path("added_tokens")) {
      largest = Math.max(largest, token.path("id").asInt());
    }
    if (largest >= vocabulary) {
      throw new SourceException(
          uri
              + ": tokenizer.json has the token id "
              + largest
              + ", config.json a vocab_size of "
              + vocabulary);
    }
  }

  private ResolvedModel store(String uri, String commit, Map<String, Path> files)
      throws IOException {
    TreeMap<String, Blob> blobs = new TreeMap<>();
    TreeMap<String, String> digests = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Blob blob = store.putBlob(file.getValue());
      blobs.put(file.getKey(), blob);
      digests.put(file.getKey(), blob.sha256());
    }
    String digest = Json.sha256(digests);
    String key = Artifacts.model(digest);
    store.putRef(new Artifact(key, blobs));
    return new ResolvedModel(uri, key, digest, commit);
  }
}
