package io.buttress.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.Safetensors;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import io.buttress.study.ResolvedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Checks Hugging Face model folders and copies them into the store. */
final class ModelImport {
  private static final List<String> REQUIRED =
      List.of("config.json", "model.safetensors", "tokenizer.json");
  private static final List<String> OPTIONAL =
      List.of("special_tokens_map.json", "tokenizer_config.json", "vocab.txt");
  private static final Set<String> MODEL_TYPES = Set.of("bert");

  private final ArtifactStore store;
  private final Sources sources;

  ModelImport(ArtifactStore store, Sources sources) {
    this.store = store;
    this.sources = sources;
  }

  /**
   * An imported model.
   *
   * @param maxPositions longest input in tokens that its position embeddings allow
   */
  record Imported(ResolvedModel model, int maxPositions) {}

  /**
   * Imports a model; equal files make equal digests, wherever they come from.
   *
   * @throws SourceException listing everything that is wrong with the folder
   */
  Imported load(String uri) throws SourceException, IOException {
    Map<String, Path> files = files(uri);
    JsonNode config = json(files.get("config.json"), uri);
    List<String> problems = new ArrayList<>();
    String type = config.path("model_type").asText();
    if (!MODEL_TYPES.contains(type)) {
      throw new SourceException(
          uri
              + ": config.json has "
              + (type.isEmpty() ? "no model_type" : "the model_type '" + type + "'")
              + "; supported: "
              + String.join(", ", MODEL_TYPES));
    }
    for (String name : List.of("vocab_size", "max_position_embeddings")) {
      if (config.path(name).asInt() <= 0) {
        problems.add("config.json has no positive " + name);
      }
    }
    checkWeights(files.get("model.safetensors"), problems);
    checkTokenizer(files.get("tokenizer.json"), config.path("vocab_size").asInt(), uri, problems);
    if (!problems.isEmpty()) {
      throw new SourceException(uri + ": " + String.join("; ", problems));
    }
    return new Imported(store(uri, files), config.path("max_position_embeddings").asInt());
  }

  private Map<String, Path> files(String uri) throws SourceException, IOException {
    Path folder = sources.modelFolder(uri);
    Map<String, Path> files = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    for (String name : REQUIRED) {
      Path file = sources.inModelFolder(folder, name, uri);
      if (Files.isReadable(file)) {
        files.put(name, file);
      } else if (name.equals("model.safetensors")) {
        problems.add(noSafetensors(folder));
      } else {
        problems.add("no " + name);
      }
    }
    if (!problems.isEmpty()) {
      throw new SourceException(uri + ": " + String.join("; ", problems));
    }
    for (String name : OPTIONAL) {
      Path file = sources.inModelFolder(folder, name, uri);
      if (Files.isReadable(file)) {
        files.put(name, file);
      }
    }
    return files;
  }

  private static String noSafetensors(Path folder) {
    if (Files.exists(folder.resolve("model.safetensors.index.json"))) {
      return "its safetensors are in several files; save the model with"
          + " `model.save_pretrained(folder, max_shard_size=\"100GB\")`";
    }
    if (Files.exists(folder.resolve("pytorch_model.bin"))) {
      return "no model.safetensors, only pytorch_model.bin, which is a pickle and can run code when"
          + " it is read; convert it where you trust it, in Python:"
          + " `AutoModel.from_pretrained(folder).save_pretrained(folder)`";
    }
    return "no model.safetensors";
  }

  private static JsonNode json(Path file, String uri) throws SourceException, IOException {
    try {
      return Json.MAPPER.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new SourceException(uri + ": " + file.getFileName() + " is not JSON");
    }
  }

  private static void checkWeights(Path file, List<String> problems) {
    try {
      Safetensors.read(file);
    } catch (IOException e) {
      problems.add(e.getMessage());
    } catch (ArithmeticException e) {
      problems.add("model.safetensors is not a valid safetensors file: a shape overflows");
    }
  }

  private static void checkTokenizer(Path file, int vocabulary, String uri, List<String> problems)
      throws SourceException, IOException {
    try {
      new SubwordTokenizer(file, 16).close();
    } catch (SourceException e) {
      problems.add(e.getMessage());
      return;
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
      problems.add(
          "tokenizer.json has the token id "
              + largest
              + ", config.json a vocab_size of "
              + vocabulary);
    }
  }

  private ResolvedModel store(String uri, Map<String, Path> files) throws IOException {
    TreeMap<String, Blob> blobs = new TreeMap<>();
    TreeMap<String, String> digests = new TreeMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      Blob blob = store.putBlob(file.getValue());
      blobs.put(file.getKey(), blob);
      digests.put(file.getKey(), blob.sha256());
    }
    String digest = Json.sha256(digests);
    String key = ArtifactStore.key(Map.of("artifact", "model", "digest", digest));
    store.putRef(new Artifact(key, blobs));
    return new ResolvedModel(uri, key, digest);
  }
}
