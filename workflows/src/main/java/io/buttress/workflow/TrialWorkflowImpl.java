package io.buttress.workflow;

import io.buttress.activity.FineTune;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse;
import io.buttress.activity.MeasureCollapse.Collapse;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.Workflow;
import org.slf4j.Logger;

/** {@inheritDoc} */
public final class TrialWorkflowImpl implements TrialWorkflow {
  private static final Logger LOG = Workflow.getLogger(TrialWorkflowImpl.class);

  private final FineTune fineTune = Workflow.newActivityStub(FineTune.class, StepOptions.FINE_TUNE);
  private final MeasureCollapse measureCollapse =
      Workflow.newActivityStub(MeasureCollapse.class, StepOptions.CPU);
  private final TrackRun tracking = Workflow.newActivityStub(TrackRun.class, StepOptions.TRACK);
  private final TrackRun cleanUp = Workflow.newActivityStub(TrackRun.class, StepOptions.CLEAN_UP);

  private String runId;
  private FineTuned fineTuned;
  private Collapse collapse;

  @Override
  public Ended run(TrackRun.StudyRun study, Trial trial) {
    TemporalFailure failure = attempt(study, trial);
    if (failure != null && Causes.isCancellation(failure)) {
      Outcome outcome = new Outcome(TrialStatus.CANCELLED, null, fineTuned, collapse);
      Detached.run(() -> cleanUp(study, trial, outcome));
      throw failure;
    }
    Outcome outcome =
        failure != null
            ? new Outcome(TrialStatus.ERROR, Causes.line(failure), fineTuned, collapse)
            : new Outcome(fineTuned.status(), fineTuned.failure(), fineTuned, collapse);
    // Detached, because a cancellation that comes now must not lose the result.
    String resultKey =
        Detached.call(
            () -> {
              try {
                return tracking.closeRun(study, trial, runId, outcome);
              } catch (TemporalFailure e) {
                LOG.error("trial's result is not recorded: {}", Causes.line(e));
                return null;
              }
            });
    TrialStatus status = resultKey == null ? TrialStatus.ERROR : outcome.status();
    return new Ended(trial.fingerprint(), status, resultKey);
  }

  /** Runs the steps as far as they go; returns what stopped them, or null. */
  private TemporalFailure attempt(TrackRun.StudyRun study, Trial trial) {
    try {
      runId = tracking.openRun(study, trial, Workflow.getInfo().getWorkflowId());
      fineTuned = fineTune.fineTune(trial, runId);
      if (fineTuned.status() == TrialStatus.DONE) {
        collapse = measureCollapse.measureCollapse(trial, fineTuned.evaluationKey());
      }
      return null;
    } catch (TemporalFailure e) {
      return e;
    }
  }

  private void cleanUp(TrackRun.StudyRun study, Trial trial, Outcome outcome) {
    try {
      cleanUp.closeRun(study, trial, runId, outcome);
    } catch (TemporalFailure e) {
      LOG.warn("cancelled trial's run stays open: {}", Causes.line(e));
    }
  }
}
