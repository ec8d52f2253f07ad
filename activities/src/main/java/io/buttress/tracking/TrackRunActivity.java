package io.buttress.tracking;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun;
import io.buttress.failure.Step;
import io.buttress.result.EndedTrials;
import io.buttress.result.EndedTrials.Ended;
import io.buttress.result.FinalMetrics;
import io.buttress.result.MetricPoint;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.buttress.tracking.MlflowTracker.OpenRun;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import java.io.IOException;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@inheritDoc} */
public final class TrackRunActivity implements TrackRun {
  /** Large, of no use to people, and in the object store anyway. */
  private static final String TENSORS = ".safetensors";

  private final ArtifactStore store;
  private final Optional<MlflowTracker> tracker;
  private final EndedTrials trials;
  private final MetricRegistry metrics;

  /**
   * @param tracker empty: results are stored, and nothing is tracked
   * @param metrics where trials are counted by how they ended
   */
  public TrackRunActivity(
      ArtifactStore store, Optional<MlflowTracker> tracker, MetricRegistry metrics) {
    this.store = store;
    this.tracker = tracker;
    this.trials = new EndedTrials(store);
    this.metrics = metrics;
    // Registered at zero, so that Prometheus sees the first trial as an increase.
    Stream.of(TrialStatus.values()).forEach(this::counter);
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
        : Step.run(
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
        : Step.run(() -> tracker.get().open(study, trial, workflowId).id());
  }

  @Override
  public String closeRun(StudyRun study, Trial trial, String runId, Outcome outcome) {
    return Step.run(
        () -> {
          Optional<OpenRun> run = findRun(study, trial, runId);
          Ended ended =
              trials.end(
                  study,
                  trial,
                  outcome,
                  run.map(OpenRun::id).orElse(null),
                  run.flatMap(open -> open.folder().prefix()));
          if (run.isPresent()) {
            record(run.get(), outcome, ended);
          }
          counter(outcome.status()).inc();
          return ended.key();
        });
  }

  @Override
  public void closeStudyRun(StudyRun study, TrialStatus status, String reportKey) {
    if (tracker.isEmpty()) {
      return;
    }
    Step.run(
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

  private void record(OpenRun run, Outcome outcome, Ended ended) throws IOException {
    MlflowTracker tracker = this.tracker.orElseThrow();
    FineTuned fineTuned = outcome.fineTuned();
    if (fineTuned != null && fineTuned.fitKey() != null) {
      tracker.log(run.id(), ended.history());
      // Not the current time: repeated calls must log the same points.
      long time = ended.history().stream().mapToLong(MetricPoint::timestamp).max().orElse(0);
      tracker.log(run.id(), FinalMetrics.of(fineTuned, outcome.collapse(), time));
      tracker.upload(run, store.get(fineTuned.fitKey()), name -> !name.startsWith(Artifacts.MODEL));
      if (ended.evaluation().isPresent()) {
        tracker.upload(run, ended.evaluation().get(), name -> !name.endsWith(TENSORS));
      }
    }
    if (outcome.collapse() != null) {
      tracker.upload(run, store.get(outcome.collapse().key()), name -> true);
    }
    tracker.upload(run, store.get(ended.key()), name -> name.equals(Artifacts.RESULT));
    tracker.end(
        run,
        outcome.status(),
        outcome.failure(),
        Collections.singletonMap("buttress.modelUri", ended.modelUri()));
  }

  private static ActivityInfo info() {
    return Activity.getExecutionContext().getInfo();
  }
}
