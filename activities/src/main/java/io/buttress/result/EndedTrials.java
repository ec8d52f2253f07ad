package io.buttress.result;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.StoredModels;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes the result of a trial that has ended, and stores it; keeps its model, or lets it compete
 * with those of its group; removes its checkpoints. Can be repeated, and needs no tracking server.
 */
public final class EndedTrials {
  private final ArtifactStore store;
  private final ResultStore results;
  private final StoredModels models;
  private final BestModels best;

  public EndedTrials(ArtifactStore store) {
    this.store = store;
    results = new ResultStore(store);
    models = new StoredModels(store.objects());
    best = new BestModels(store.objects());
  }

  /**
   * A stored result.
   *
   * @param key artifact with {@code result.json}
   * @param history what was measured during training; none where there was no training
   * @param evaluation empty when the trial did not get that far
   * @param modelUri where people find the model; null when none is kept, or only the best
   */
  public record Ended(
      String key, List<MetricPoint> history, Optional<Artifact> evaluation, String modelUri) {}

  /**
   * @param runId on the tracking server; null when the trial was not tracked
   * @param runFolder prefix where the tracking server keeps the run's artifacts, when in our store
   */
  public Ended end(
      StudyRun study, Trial trial, Outcome outcome, String runId, Optional<String> runFolder)
      throws IOException {
    String modelUri = keepModel(trial, outcome, runFolder);
    List<MetricPoint> history = history(outcome);
    Optional<Artifact> evaluation = evaluation(outcome);
    TrialResult result = TrialSummary.of(trial, outcome, history, runId, modelUri);
    String key = results.put(study, trial, result, evaluation.orElse(null));
    if (trial.competes() && outcome.status() == TrialStatus.DONE) {
      FineTuned fineTuned = outcome.fineTuned();
      String fitKey = fineTuned.fitKey();
      best.enter(study, trial, fineTuned.metrics(), fitKey, model(fitKey), runFolder);
    }
    if (outcome.status() != TrialStatus.ERROR) {
      CheckpointKeys.remove(store.objects(), CheckpointKeys.trial(trial.fingerprint()));
    }
    return new Ended(key, history, evaluation, modelUri);
  }

  /** Copies the model to where people look for it; returns its URI, or null when none is kept. */
  private String keepModel(Trial trial, Outcome outcome, Optional<String> runFolder)
      throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    if (!trial.keepsModel() || fineTuned == null || fineTuned.fitKey() == null) {
      return null;
    }
    String prefix =
        runFolder.map(folder -> folder + "/model").orElse("models/" + trial.fingerprint());
    Map<String, String> model = model(fineTuned.fitKey());
    models.copy(model, prefix);
    return model.isEmpty() ? null : store.objects().uri(prefix).toString();
  }

  /** The files of a training run's model by name, with their keys; none when it has no model. */
  private Map<String, String> model(String fitKey) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Map.Entry<String, Blob> file : store.get(fitKey).files().entrySet()) {
      if (file.getKey().startsWith(Artifacts.MODEL)) {
        store.restore(file.getValue());
        files.put(
            file.getKey().substring(Artifacts.MODEL.length()),
            ArtifactStore.blobKey(file.getValue()));
      }
    }
    return files;
  }

  private List<MetricPoint> history(Outcome outcome) throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    return fineTuned == null || fineTuned.fitKey() == null
        ? List.of()
        : MetricHistory.read(store.file(store.get(fineTuned.fitKey()), Artifacts.HISTORY));
  }

  private Optional<Artifact> evaluation(Outcome outcome) throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    return fineTuned == null || fineTuned.evaluationKey() == null
        ? Optional.empty()
        : Optional.of(store.get(fineTuned.evaluationKey()));
  }
}
