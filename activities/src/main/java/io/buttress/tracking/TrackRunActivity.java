package io.buttress.tracking;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun;
import io.buttress.result.BestModels;
import io.buttress.result.FinalMetrics;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.result.ResultStore;
import io.buttress.result.TrialResults;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.LostArtifactException;
import io.buttress.storage.StoredModels;
import io.buttress.study.Blob;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import io.buttress.tracking.MlflowTracker.OpenRun;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** {@inheritDoc} */
public final class TrackRunActivity implements TrackRun {
  private static final String MODEL = "model/";

  /** Large, of no use to people, and in the object store anyway. */
  private static final String TENSORS = ".safetensors";

  private final ArtifactStore store;
  private final Optional<MlflowTracker> tracker;
  private final ResultStore results;
  private final MetricRegistry metrics;
  private final StoredModels models;
  private final BestModels best;

  /**
   * @param tracker empty: results are stored, and nothing is tracked
   * @param metrics where trials are counted by how they ended
   */
  public TrackRunActivity(
      ArtifactStore store,
      Optional<MlflowTracker> tracker,
      ResultStore results,
      MetricRegistry metrics) {
    this.store = store;
    this.tracker = tracker;
    this.results = results;
    this.metrics = metrics;
    // From zero, so that the first one counts as an increase.
    Stream.of(TrialStatus.values()).forEach(this::counter);
    this.models = new StoredModels(store.objects());
    this.best = new BestModels(store.objects());
  }

  private Counter counter(TrialStatus status) {
    return metrics.counter("buttress.trials." + status.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public StudyRun openStudyRun(Plan plan, String workflowId) {
    String workflowRunId = info().getWorkflowRunId();
    StudyRun study = new StudyRun(plan.name(), plan.studyKey(), null, workflowRunId);
    return tracker.isEmpty()
        ? study
        : attempt(
            () -> {
              tracker.get().endAbandoned(study);
              String runId = tracker.get().open(study, workflowId).id();
              return new StudyRun(study.name(), study.studyKey(), runId, workflowRunId);
            });
  }

  @Override
  public String openRun(StudyRun study, Trial trial, String workflowId) {
    return tracker.isEmpty()
        ? null
        : attempt(() -> tracker.get().open(study, trial, workflowId).id());
  }

  @Override
  public String closeRun(StudyRun study, Trial trial, String runId, Outcome outcome) {
    return attempt(
        () -> {
          Optional<OpenRun> run = findRun(study, trial, runId);
          String modelUri = keepModel(trial, outcome, run);
          List<MetricPoint> history = history(outcome);
          TrialResult result =
              TrialResults.of(trial, outcome, history, run.map(OpenRun::id).orElse(null), modelUri);
          String key = results.put(study, trial, result, evaluation(outcome));
          if (trial.competes() && outcome.status() == TrialStatus.DONE) {
            enter(study, trial, outcome.fineTuned(), run);
          }
          if (run.isPresent()) {
            record(run.get(), outcome, history, modelUri, key);
          }
          if (outcome.status() != TrialStatus.ERROR) {
            CheckpointKeys.remove(store.objects(), CheckpointKeys.trial(trial.fingerprint()));
          }
          counter(outcome.status()).inc();
          return key;
        });
  }

  @Override
  public void closeStudyRun(StudyRun study, TrialStatus status, String reportKey) {
    if (tracker.isEmpty()) {
      return;
    }
    attempt(
        () -> {
          OpenRun run = tracker.get().open(study, info().getWorkflowId());
          if (reportKey != null) {
            tracker.get().upload(run, store.get(reportKey), name -> true);
          }
          tracker.get().end(run, status, null, Map.of());
          return null;
        });
  }

  /** By its tags: the run that was opened may have lost to one that was opened at the same time. */
  private Optional<OpenRun> findRun(StudyRun study, Trial trial, String runId) throws IOException {
    if (tracker.isEmpty()) {
      return Optional.empty();
    }
    String workflowId = info().getWorkflowId();
    return runId == null
        ? tracker.get().find(study, trial, workflowId)
        : Optional.of(tracker.get().open(study, trial, workflowId));
  }

  /** Copies the model to where people look for it; returns its URI, or null when none is kept. */
  private String keepModel(Trial trial, Outcome outcome, Optional<OpenRun> run) throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    if (!trial.keepsModel() || fineTuned == null || fineTuned.fitKey() == null) {
      return null;
    }
    String prefix =
        run.flatMap(r -> r.folder().prefix())
            .map(folder -> folder + "/model")
            .orElse("models/" + trial.fingerprint());
    Map<String, String> model = model(fineTuned.fitKey());
    models.copy(model, prefix);
    return model.isEmpty() ? null : store.objects().uri(prefix).toString();
  }

  private void enter(StudyRun study, Trial trial, FineTuned fineTuned, Optional<OpenRun> run)
      throws IOException {
    best.enter(
        study,
        trial,
        fineTuned.metrics(),
        fineTuned.fitKey(),
        model(fineTuned.fitKey()),
        run.flatMap(r -> r.folder().prefix()));
  }

  /** The files of a training run's model by name, with their keys; none when it has no model. */
  private Map<String, String> model(String fitKey) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Map.Entry<String, Blob> file : store.get(fitKey).files().entrySet()) {
      if (file.getKey().startsWith(MODEL)) {
        store.restore(file.getValue());
        files.put(file.getKey().substring(MODEL.length()), ArtifactStore.blobKey(file.getValue()));
      }
    }
    return files;
  }

  /** What was measured during training; none where there was no training. */
  private List<MetricPoint> history(Outcome outcome) throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    return fineTuned == null || fineTuned.fitKey() == null
        ? List.of()
        : MetricHistory.read(store.file(store.get(fineTuned.fitKey()), "history.csv"));
  }

  /** The stored evaluation of a trial; null when it did not get that far. */
  private Artifact evaluation(Outcome outcome) throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    return fineTuned == null || fineTuned.evaluationKey() == null
        ? null
        : store.get(fineTuned.evaluationKey());
  }

  private void record(
      OpenRun run, Outcome outcome, List<MetricPoint> history, String modelUri, String resultKey)
      throws IOException {
    FineTuned fineTuned = outcome.fineTuned();
    if (fineTuned != null && fineTuned.fitKey() != null) {
      Artifact fit = store.get(fineTuned.fitKey());
      tracker.get().log(run.id(), history);
      // A time that repeated calls agree on.
      long ended = history.stream().mapToLong(MetricPoint::timestamp).max().orElse(0);
      tracker.get().log(run.id(), FinalMetrics.of(fineTuned, outcome.collapse(), ended));
      tracker.get().upload(run, fit, name -> !name.startsWith(MODEL));
      Artifact evaluation = evaluation(outcome);
      if (evaluation != null) {
        tracker.get().upload(run, evaluation, name -> !name.endsWith(TENSORS));
      }
    }
    if (outcome.collapse() != null) {
      tracker.get().upload(run, store.get(outcome.collapse().key()), name -> true);
    }
    tracker.get().upload(run, store.get(resultKey), name -> name.equals(ResultStore.FILE));
    tracker
        .get()
        .end(
            run,
            outcome.status(),
            outcome.failure(),
            Collections.singletonMap("buttress.modelUri", modelUri));
  }

  private static ActivityInfo info() {
    return Activity.getExecutionContext().getInfo();
  }

  @FunctionalInterface
  private interface Step<T> {
    T run() throws IOException;
  }

  private static <T> T attempt(Step<T> step) {
    try {
      return step.run();
    } catch (UnusableExperimentException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw Activity.wrap(e);
    }
  }
}
