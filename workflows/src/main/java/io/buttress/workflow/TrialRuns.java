package io.buttress.workflow;

import io.buttress.activity.ProbePretrained;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.ProbeRequest;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.StudyProgress.Running;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.api.enums.v1.ParentClosePolicy;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.ChildWorkflowCancellationType;
import io.temporal.workflow.ChildWorkflowOptions;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.slf4j.Logger;

/** The trials of one study: what is in flight, and how those that ended did. Workflow code. */
final class TrialRuns {
  private static final Logger LOG = Workflow.getLogger(TrialRuns.class);

  private final SnapshotRepresentations snapshots =
      Workflow.newActivityStub(SnapshotRepresentations.class, StepOptions.SNAPSHOT);
  private final ProbePretrained probing =
      Workflow.newActivityStub(ProbePretrained.class, StepOptions.SNAPSHOT);
  private final TrackRun tracking = Workflow.newActivityStub(TrackRun.class, StepOptions.TRACK);

  private final Map<SnapshotRequest, Promise<String>> taken = new HashMap<>();
  private final Map<ProbeRequest, Promise<Void>> probed = new HashMap<>();
  private final Map<String, Running> running = new LinkedHashMap<>();
  private int started;
  private int done;
  private int failed;
  private Long since;

  /**
   * @param done trials that ended with a result in earlier runs of the workflow
   * @param failed likewise without one
   * @param since what the remaining time is reckoned from; null: the start of the first trial
   */
  TrialRuns(int done, int failed, Long since) {
    this.done = done;
    this.failed = failed;
    this.since = since;
  }

  /** Starts a trial and returns; it is cancelled with the caller's cancellation scope. */
  void start(StudyRun study, Trial trial) {
    if (since == null) {
      since = Workflow.currentTimeMillis();
    }
    started++;
    String id = workflowId(trial);
    show(id, trial, "snapshotRepresentations");
    Async.procedure(
        () -> {
          try {
            count(run(study, trial, id));
          } finally {
            running.remove(id);
          }
        });
  }

  int inFlight() {
    return running.size();
  }

  /** Trials started in this run of the workflow. */
  int started() {
    return started;
  }

  int done() {
    return done;
  }

  int failed() {
    return failed;
  }

  List<Running> running() {
    return List.copyOf(running.values());
  }

  Long since() {
    return since;
  }

  /** Leaves a pause out of the estimate of the remaining time. */
  void skip(long millis) {
    if (since != null) {
      since += millis;
    }
  }

  /** The estimated rest, by the mean time of the trials that ended; null before the first. */
  Long secondsLeft(int planned) {
    int ended = done + failed;
    if (ended == 0) {
      return null;
    }
    double elapsed = Workflow.currentTimeMillis() - since;
    return Duration.ofMillis(Math.round(elapsed / ended * (planned - ended))).toSeconds();
  }

  private TrialStatus run(StudyRun study, Trial trial, String id) {
    try {
      snapshot(trial);
      probe(trial);
      show(id, trial, "trial");
      return child(id).run(study, trial).status();
    } catch (TemporalFailure e) {
      if (Causes.isCancellation(e)) {
        return TrialStatus.CANCELLED;
      }
      recordError(study, trial, id, Causes.line(e));
      return TrialStatus.ERROR;
    }
  }

  /** Waits for the trial's snapshots; each is taken by the first trial that needs it. */
  private void snapshot(Trial trial) {
    await(
        trial.snapshots(),
        taken,
        request -> Async.function(snapshots::snapshotRepresentations, request));
  }

  /** Waits for the probes of the pre-trained and the random encoder, likewise. */
  private void probe(Trial trial) {
    await(
        trial.probeRequests(),
        probed,
        request -> Async.procedure(probing::probePretrained, request));
  }

  private static <K, V> void await(
      List<K> requests, Map<K, Promise<V>> begun, Function<K, Promise<V>> begin) {
    List<Promise<V>> needed = new ArrayList<>();
    for (K request : requests) {
      needed.add(begun.computeIfAbsent(request, begin));
    }
    // One by one: Promise.allOf overlooks the failure of what had ended before.
    needed.forEach(Promise::get);
  }

  /** Records the end of a trial whose workflow failed before it did so itself. */
  private void recordError(StudyRun study, Trial trial, String id, String failure) {
    try {
      String runId = tracking.openRun(study, trial, id);
      tracking.closeRun(study, trial, runId, new Outcome(TrialStatus.ERROR, failure, null, null));
    } catch (TemporalFailure e) {
      LOG.error("trial {} failed ({}), which is not recorded: {}", id, failure, Causes.line(e));
    }
  }

  private void count(TrialStatus status) {
    if (status == TrialStatus.DONE || status == TrialStatus.DIVERGED) {
      done++;
    } else {
      failed++;
    }
  }

  private void show(String id, Trial trial, String activity) {
    running.put(
        id,
        new Running(
            id,
            trial.dataset().model().uri(),
            trial.dataset().task().spec().id(),
            trial.method().id(),
            trial.seed(),
            activity));
  }

  private static String workflowId(Trial trial) {
    return Trial.workflowId(Workflow.getInfo().getWorkflowId(), trial.fingerprint());
  }

  private static TrialWorkflow child(String id) {
    return Workflow.newChildWorkflowStub(
        TrialWorkflow.class,
        ChildWorkflowOptions.newBuilder()
            .setWorkflowId(id)
            .setWorkflowIdReusePolicy(
                WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
            .setParentClosePolicy(ParentClosePolicy.PARENT_CLOSE_POLICY_REQUEST_CANCEL)
            .setCancellationType(ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED)
            .build());
  }
}
