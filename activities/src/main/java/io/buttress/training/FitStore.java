package io.buttress.training;

import io.buttress.dataset.LabelNoise;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.model.ModelFolder;
import io.buttress.model.ModelWriter;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricHistory;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.storage.StoredModels;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Finished training runs in the object store: {@code fit.json}, {@code history.csv}, {@code
 * label-noise.csv} where the regime made labels wrong and, when the trial keeps its model, a
 * Hugging Face folder below {@code model/}. The model of a trial that keeps it only if it is the
 * best stands apart, because it may be deleted.
 */
final class FitStore {
  private final ArtifactStore store;
  private final StoredModels models;

  FitStore(ArtifactStore store) {
    this.store = store;
    this.models = new StoredModels(store.objects());
  }

  /**
   * {@code fit.json}.
   *
   * @param failure one line for {@code diverged}, else null
   * @param bestStep steps after which early stopping found the weights that it kept; null: the last
   *     step's were kept
   * @param datasetKey artifact of the tokenized dataset, for checks that repeat the run elsewhere
   */
  record Description(
      TrialStatus status,
      String failure,
      int steps,
      Integer bestStep,
      double trainSeconds,
      double examplesPerSecond,
      Numerics numerics,
      String datasetKey,
      Trial trial) {}

  /** A stored run. */
  record Stored(Artifact artifact, Description description) {
    boolean diverged() {
      return description.status() == TrialStatus.DIVERGED;
    }

    boolean hasModel() {
      return artifact.files().keySet().stream().anyMatch(name -> name.startsWith(Artifacts.MODEL));
    }
  }

  /** A run of the trial; one without a model only when the trial keeps none. */
  Optional<Stored> find(Trial trial, Numerics numerics) throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.fit(trial, numerics, true));
    if (artifact.isEmpty() && !trial.keepsModel()) {
      artifact = store.find(Artifacts.fit(trial, numerics, false));
    }
    return artifact.isEmpty() ? Optional.empty() : Optional.of(read(artifact.get()));
  }

  /**
   * Stores a run, or adopts the one that is there.
   *
   * @param noise the wrong labels of its regime; null: none
   */
  Stored put(
      Trial trial,
      Numerics numerics,
      Fit fit,
      TextClassifier model,
      ModelFolder source,
      TokenizedDataset dataset,
      LabelNoise noise)
      throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      Description description =
          new Description(
              fit.status(),
              fit.failure(),
              fit.steps(),
              fit.bestStep(),
              fit.seconds(),
              fit.examplesPerSecond(),
              numerics,
              Artifacts.dataset(trial.dataset()),
              trial);
      Files.writeString(scratch.root().resolve(Artifacts.FIT), Json.canonical(description));
      MetricHistory.write(scratch.root().resolve(Artifacts.HISTORY), fit.history());
      if (noise != null) {
        writeNoise(scratch.root().resolve(Artifacts.LABEL_NOISE), dataset, noise);
      }
      String key = Artifacts.fit(trial, numerics, trial.keepsModel());
      if (fit.status() == TrialStatus.DONE && trial.keepsModel()) {
        Path folder = Files.createDirectory(scratch.root().resolve(Artifacts.MODEL));
        ModelWriter.write(model, source, dataset.kind(), dataset.labels(), folder);
      }
      if (fit.status() == TrialStatus.DONE && trial.competes()) {
        try (ScratchFolder folder = new ScratchFolder()) {
          ModelWriter.write(model, source, dataset.kind(), dataset.labels(), folder.root());
          models.put(StoredModels.trained(trial.fingerprint(), key), folder.files());
        }
      }
      return read(store.put(key, scratch.files()));
    }
  }

  /** One line for each wrong label: row of the training set, label, label given instead. */
  private static void writeNoise(Path file, TokenizedDataset dataset, LabelNoise noise)
      throws IOException {
    float[] truth = dataset.splits().get(ResolvedTask.TRAIN).targets();
    try (CSVPrinter csv =
        CSVFormat.RFC4180
            .builder()
            .setHeader("row", "label", "given")
            .get()
            .print(file, StandardCharsets.UTF_8)) {
      for (int row : noise.flipped()) {
        csv.printRecord(
            row,
            dataset.labels().get((int) truth[row]),
            dataset.labels().get((int) noise.targets()[row]));
      }
    }
  }

  /** The kept model of a run that has one. */
  ModelFolder model(Stored stored) throws IOException {
    return ModelFolder.read(store.folder(stored.artifact()).resolve(Artifacts.MODEL));
  }

  private Stored read(Artifact artifact) throws IOException {
    Path file = store.file(artifact, Artifacts.FIT);
    return new Stored(artifact, Json.MAPPER.readValue(file.toFile(), Description.class));
  }
}
