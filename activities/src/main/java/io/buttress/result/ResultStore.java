package io.buttress.result;

import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.evaluation.Predictions;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import io.buttress.study.ResolvedTask;
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
  private static final String PREDICTIONS = Artifacts.predictions(ResolvedTask.VALIDATION);

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
      SortedMap<String, Blob> files = new TreeMap<>(Map.of(Artifacts.RESULT, store.putBlob(file)));
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
    Path file = store.file(artifact.get(), Artifacts.RESULT);
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
    return Artifacts.result(study.studyKey(), study.runId(), trial);
  }

  private static String attemptKey(StudyRun study, Trial trial) {
    return Artifacts.result(study.studyKey(), study.runId(), study.workflowRunId(), trial);
  }
}
