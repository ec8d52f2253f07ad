package io.buttress.encoding;

import io.buttress.encoding.Evaluator.Outputs;
import io.buttress.model.Split;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.TaskKind;
import io.buttress.study.Trial;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Evaluations of fine-tuned models in the object store: {@code metrics.json}, {@code
 * predictions-<split>.csv} ({@code index,target,prediction,logit_0,...} in file order, for {@code
 * selection} with the index in the training set; a colon in a split's name becomes a dash) and
 * {@code representations.safetensors} and {@code layers.safetensors} of the validation set, as
 * {@link SnapshotStore} has them.
 */
public final class EvaluationStore {
  private final ArtifactStore store;

  public EvaluationStore(ArtifactStore store) {
    this.store = store;
  }

  /**
   * {@code metrics.json}.
   *
   * @param metrics split to metric to value; null where undefined
   */
  public record Description(
      String fingerprint, Numerics numerics, Map<String, Map<String, Double>> metrics) {}

  /** A stored evaluation. */
  public record Stored(String key, Description description) {}

  public Optional<Stored> find(Trial trial, Numerics numerics) throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.evaluation(trial, numerics));
    return artifact.isEmpty() ? Optional.empty() : Optional.of(read(artifact.get()));
  }

  /** Stores the files that were written into a scratch folder, or adopts what is there. */
  public Stored put(Trial trial, Description description, ScratchFolder scratch)
      throws IOException {
    Files.writeString(scratch.root().resolve(Artifacts.METRICS), Json.canonical(description));
    return read(store.put(Artifacts.evaluation(trial, description.numerics()), scratch.files()));
  }

  /**
   * @param rows an index for each example; null: its place in the split
   */
  public static void writePredictions(
      Path folder, String name, TaskKind kind, Split split, int[] rows, float[][] logits)
      throws IOException {
    List<String> header = new ArrayList<>(List.of("index", "target", "prediction"));
    for (int i = 0; i < logits[0].length; i++) {
      header.add("logit_" + i);
    }
    boolean classes = kind == TaskKind.CLASSIFICATION;
    Path file = folder.resolve(Artifacts.predictions(name));
    try (CSVPrinter csv =
        CSVFormat.RFC4180
            .builder()
            .setHeader(header.toArray(String[]::new))
            .get()
            .print(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
      for (int i = 0; i < logits.length; i++) {
        float target = split.targets()[i];
        csv.print(rows == null ? i : rows[i]);
        csv.print(classes ? (Object) (int) target : target);
        csv.print(classes ? (Object) greatest(logits[i]) : logits[i][0]);
        for (float logit : logits[i]) {
          csv.print(logit);
        }
        csv.println();
      }
    }
  }

  /** Writes the representations of a run that kept every layer. */
  public static void writeRepresentations(Path folder, Outputs outputs) throws IOException {
    int examples = outputs.logits().length;
    write(folder.resolve(Artifacts.REPRESENTATIONS), outputs.representations(), examples);
    write(folder.resolve(Artifacts.LAYERS), outputs.everyLayer(), Evaluator.sampled(examples));
  }

  private static void write(Path file, Map<Integer, float[]> representations, int rows)
      throws IOException {
    Map<String, Tensor> tensors = new TreeMap<>();
    representations.forEach(
        (layer, values) ->
            tensors.put(
                SnapshotStore.tensor(layer), Tensor.of(values, rows, values.length / rows)));
    Safetensors.write(file, tensors);
  }

  private static int greatest(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  private Stored read(Artifact artifact) throws IOException {
    Path file = store.file(artifact, Artifacts.METRICS);
    return new Stored(artifact.key(), Json.MAPPER.readValue(file.toFile(), Description.class));
  }
}
