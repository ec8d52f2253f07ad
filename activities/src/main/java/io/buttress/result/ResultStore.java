package io.buttress.result;

import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.evaluation.Predictions;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Results of trials in the object store: {@code result.json} as in a report, beside the predictions
 * for the validation set that it sums up.
 */
public final class ResultStore {
  public static final String FILE = "result.json";

  private static final int FORMAT_VERSION = 4;
  private static final String PREDICTIONS = "predictions-validation.csv";

  private final ArtifactStore store;

  public ResultStore(ArtifactStore store) {
    this.store = store;
  }

  /**
   * Stores a result, or adopts the one that is there.
   *
   * @param evaluation where the trial's predictions are; null without
   * @return the artifact's key
   */
  public String put(StudyRun study, Trial trial, TrialResult result, Artifact evaluation)
      throws IOException {
    Path file = Files.createTempFile("result-", ".json");
    try {
      Files.writeString(file, Json.canonical(result));
      SortedMap<String, Blob> files = new TreeMap<>(Map.of(FILE, store.putBlob(file)));
      if (evaluation != null && evaluation.files().containsKey(PREDICTIONS)) {
        files.put(PREDICTIONS, evaluation.files().get(PREDICTIONS));
      }
      String key = isFinal(result.status()) ? finalKey(study, trial) : attemptKey(study, trial);
      return store.putRef(new Artifact(key, files)).key();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** A trial's result: one that stands if there is one, else how this run of the study ended it. */
  public Optional<TrialResult> find(StudyRun study, Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(finalKey(study, trial));
    if (artifact.isEmpty()) {
      artifact = store.find(attemptKey(study, trial));
    }
    if (artifact.isEmpty()) {
      return Optional.empty();
    }
    Path file = store.file(artifact.get(), FILE);
    return Optional.of(Json.MAPPER.readValue(file.toFile(), TrialResult.class));
  }

  /** What a trial with a result predicts for the validation set; empty for one that diverged. */
  public Optional<Predictions> predictions(StudyRun study, Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(finalKey(study, trial));
    return artifact.isEmpty() || !artifact.get().files().containsKey(PREDICTIONS)
        ? Optional.empty()
        : Optional.of(Predictions.read(store.file(artifact.get(), PREDICTIONS)));
  }

  private static boolean isFinal(TrialStatus status) {
    return status == TrialStatus.DONE || status == TrialStatus.DIVERGED;
  }

  private static String finalKey(StudyRun study, Trial trial) {
    return ArtifactStore.key(inputs(study, trial));
  }

  /** Errors and cancellations also name the run of the study, so that a later one tries again. */
  private static String attemptKey(StudyRun study, Trial trial) {
    Map<String, Object> inputs = inputs(study, trial);
    inputs.put("workflowRunId", study.workflowRunId());
    return ArtifactStore.key(inputs);
  }

  private static Map<String, Object> inputs(StudyRun study, Trial trial) {
    Map<String, Object> inputs = new TreeMap<>();
    inputs.put("artifact", "result");
    inputs.put("version", FORMAT_VERSION);
    inputs.put("studyKey", study.studyKey());
    inputs.put("fingerprint", trial.fingerprint());
    inputs.put("collapse", trial.collapse());
    // A result names its run and its model, so it depends on the experiment and on what is kept.
    inputs.put("studyRun", study.runId());
    inputs.put("keepModel", trial.keepsModel());
    return inputs;
  }
}
