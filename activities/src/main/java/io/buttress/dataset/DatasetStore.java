package io.buttress.dataset;

import io.buttress.model.Split;
import io.buttress.source.SourceException;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Tokenized datasets in the object store: {@code dataset.json} (kind, labels, split names) and one
 * {@code <split>.safetensors} each with {@code input_ids}, {@code token_type_ids} (examples end to
 * end), {@code lengths} and {@code targets}.
 */
public final class DatasetStore {
  private final ArtifactStore store;

  public DatasetStore(ArtifactStore store) {
    this.store = store;
  }

  private record Description(TaskKind kind, List<String> labels, List<String> splits) {}

  /** Stores a dataset, or adopts the one that is there. */
  public Artifact put(DatasetRequest request, TokenizedDataset dataset) throws IOException {
    Map<String, Path> files = new LinkedHashMap<>();
    try (ScratchFolder scratch = store.scratch()) {
      Path description = scratch.root().resolve(Artifacts.DATASET);
      List<String> splits = List.copyOf(new TreeMap<>(dataset.splits()).keySet());
      Files.writeString(
          description, Json.canonical(new Description(dataset.kind(), dataset.labels(), splits)));
      files.put(Artifacts.DATASET, description);
      for (int i = 0; i < splits.size(); i++) {
        Split split = dataset.splits().get(splits.get(i));
        Path file = scratch.root().resolve(i + ".safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("input_ids", Tensor.of(endToEnd(split.inputIds())));
        tensors.put("token_type_ids", Tensor.of(endToEnd(split.tokenTypeIds())));
        int[] lengths = new int[split.size()];
        for (int j = 0; j < lengths.length; j++) {
          lengths[j] = split.inputIds()[j].length;
        }
        tensors.put("lengths", Tensor.of(lengths));
        tensors.put("targets", Tensor.of(split.targets(), split.size()));
        Safetensors.write(file, tensors);
        files.put(Artifacts.tokens(splits.get(i)), file);
      }
      return store.put(Artifacts.dataset(request), files);
    }
  }

  /** Reads a stored dataset; one that is lost is made anew. */
  public TokenizedDataset load(DatasetRequest request) throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.dataset(request));
    return artifact.isPresent() ? read(artifact.get()) : remake(request);
  }

  private TokenizedDataset remake(DatasetRequest request) throws IOException {
    try {
      TokenizedDataset dataset = new DatasetMaker(store).make(request, progress -> {});
      put(request, dataset);
      return dataset;
    } catch (SourceException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private TokenizedDataset read(Artifact artifact) throws IOException {
    Description description =
        Json.MAPPER.readValue(store.file(artifact, Artifacts.DATASET).toFile(), Description.class);
    Map<String, Split> splits = new LinkedHashMap<>();
    for (String name : description.splits()) {
      Map<String, Tensor> tensors = Safetensors.read(store.file(artifact, Artifacts.tokens(name)));
      int[] lengths = tensors.get("lengths").ints();
      splits.put(
          name,
          new Split(
              rows(tensors.get("input_ids").ints(), lengths),
              rows(tensors.get("token_type_ids").ints(), lengths),
              tensors.get("targets").floats()));
    }
    return new TokenizedDataset(description.kind(), description.labels(), splits);
  }

  /** Whether a dataset has been prepared. */
  public boolean contains(DatasetRequest request) throws IOException {
    return store.find(Artifacts.dataset(request)).isPresent();
  }

  private static int[] endToEnd(int[][] rows) {
    int total = 0;
    for (int[] row : rows) {
      total = Math.addExact(total, row.length);
    }
    int[] all = new int[total];
    int at = 0;
    for (int[] row : rows) {
      System.arraycopy(row, 0, all, at, row.length);
      at += row.length;
    }
    return all;
  }

  private static int[][] rows(int[] all, int[] lengths) {
    List<int[]> rows = new ArrayList<>(lengths.length);
    int at = 0;
    for (int length : lengths) {
      int[] row = new int[length];
      System.arraycopy(all, at, row, 0, length);
      rows.add(row);
      at += length;
    }
    return rows.toArray(int[][]::new);
  }
}
