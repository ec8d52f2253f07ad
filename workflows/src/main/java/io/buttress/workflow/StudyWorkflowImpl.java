package io.buttress.workflow;

import io.buttress.activity.Failures;
import io.buttress.activity.PlanStudy;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.PrepareDataset;
import io.buttress.activity.Report;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.DatasetRequest;
import io.buttress.study.ExecutionSpec;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.StudyParser;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskCatalog;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.common.converter.RawValue;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;

/** {@inheritDoc} */
public class StudyWorkflowImpl implements StudyWorkflow {
  private static final Logger LOG = Workflow.getLogger(StudyWorkflowImpl.class);
  private static final int PAGE = 100;
  private static final int TRIALS_PER_RUN = 500;

  private final PlanStudy planning = Workflow.newActivityStub(PlanStudy.class, StepOptions.PLAN);
  private final PlanStudy plans = Workflow.newActivityStub(PlanStudy.class, StepOptions.STUDY);
  private final PrepareDataset prepareDataset =
      Workflow.newActivityStub(PrepareDataset.class, StepOptions.CPU);
  private final SelectSettings selectSettings =
      Workflow.newActivityStub(SelectSettings.class, StepOptions.STUDY);
  private final Report report = Workflow.newActivityStub(Report.class, StepOptions.STUDY);
  private final TrackRun opening = Workflow.newActivityStub(TrackRun.class, StepOptions.OPEN_STUDY);
  private final TrackRun tracking = Workflow.newActivityStub(TrackRun.class, StepOptions.TRACK);
  private final TrackRun cleanUp = Workflow.newActivityStub(TrackRun.class, StepOptions.CLEAN_UP);

  private final StudySpec spec;
  private final int trialsPerRun;
  private final TrialRuns trials;
  private Plan plan;
  private StudyRun run;
  private Plan selected;
  private int next;
  private int maxParallelTrials;
  private Long pausedSince;

  /** Reads the arguments before any signal or update is handled, which change what they set. */
  @WorkflowInit
  public StudyWorkflowImpl(RawValue study, RawValue continued) {
    this(study, continued, TRIALS_PER_RUN);
  }

  /**
   * @param trialsPerRun after so many the workflow continues as new
   */
  StudyWorkflowImpl(RawValue study, RawValue continued, int trialsPerRun) {
    this.trialsPerRun = trialsPerRun;
    Continuation before;
    try {
      spec = parse(study);
      before = Continuation.of(continued);
    } catch (InvalidStudyException e) {
      throw Causes.ending(e.getMessage(), Failures.INVALID_STUDY);
    }
    if (before == null) {
      trials = new TrialRuns(0, 0, null);
      maxParallelTrials = spec.execution().maxParallelTrials();
    } else {
      trials = new TrialRuns(before.done(), before.failed(), before.runningSince());
      plan = before.plan();
      run = before.run();
      selected = before.selected();
      next = before.next();
      maxParallelTrials = before.maxParallelTrials();
      pausedSince = before.pausedSince();
    }
  }

  @Override
  public StudyResult run(RawValue study, RawValue continued) {
    try {
      if (plan == null) {
        plan = planning.planStudy(spec);
        run = opening.openStudyRun(plan, Workflow.getInfo().getWorkflowId());
        prepare(plan.datasets());
      }
      if (selected == null) {
        runTrials(plan, study);
        if (spec.selection() != null) {
          selected = selectSettings.selectSettings(plan, run, spec.selection().refit());
          next = 0;
        }
      }
      if (refits()) {
        runTrials(selected, study);
      }
      String reportKey = report.report(plan, run, selected);
      tracking.closeStudyRun(run, TrialStatus.DONE, reportKey);
      return new StudyResult(plan.studyKey(), planned(), trials.done(), trials.failed(), reportKey);
    } catch (TemporalFailure e) {
      boolean cancelled = Causes.isCancellation(e);
      close(cancelled ? TrialStatus.CANCELLED : TrialStatus.ERROR);
      throw cancelled ? e : Causes.ending(e);
    }
  }

  @Override
  public StudyProgress progress() {
    return new StudyProgress(
        planned(),
        trials.done(),
        trials.failed(),
        trials.running(),
        pausedSince != null,
        pausedSince != null ? null : trials.secondsLeft(planned()));
  }

  @Override
  public void pause() {
    if (pausedSince == null) {
      pausedSince = Workflow.currentTimeMillis();
    }
  }

  @Override
  public void resume() {
    if (pausedSince != null) {
      trials.skip(Workflow.currentTimeMillis() - pausedSince);
      pausedSince = null;
    }
  }

  @Override
  public void setMaxParallelTrials(int trials) {
    maxParallelTrials = trials;
  }

  @Override
  public void checkMaxParallelTrials(int trials) {
    if (!ExecutionSpec.PARALLEL_TRIALS.contains(trials)) {
      throw new IllegalArgumentException(
          "maxParallelTrials: must be " + ExecutionSpec.PARALLEL_TRIALS + ", is " + trials);
    }
  }

  private boolean refits() {
    return selected != null && spec.selection().refit();
  }

  private int planned() {
    return plan == null ? 0 : plan.trials() + (refits() ? selected.trials() : 0);
  }

  private static StudySpec parse(RawValue study) {
    // A start without any input arrives as null.
    byte[] json = study == null ? new byte[0] : study.getPayload().getData().toByteArray();
    return new StudyParser(TaskCatalog.builtIn()).parse(json);
  }

  /**
   * All at once; the first that fails ends the study, before any trial has cost anything, and the
   * others with it: their next heartbeat tells them.
   */
  private void prepare(List<DatasetRequest> datasets) {
    List<Promise<Void>> prepared = new ArrayList<>();
    for (DatasetRequest dataset : datasets) {
      prepared.add(Async.procedure(prepareDataset::prepareDataset, dataset));
    }
    Promise.allOf(prepared).get();
  }

  /**
   * Runs those from {@code next} on, at most {@code maxParallelTrials} at once. None is left in
   * flight, whatever happens: a workflow that continues as new would terminate it.
   */
  private void runTrials(Plan plan, RawValue study) {
    CancellationScope scope = Workflow.newCancellationScope(() -> startTrials(plan));
    try {
      scope.run();
    } catch (TemporalFailure e) {
      scope.cancel("the study ends");
      Detached.run(() -> Workflow.await(() -> trials.inFlight() == 0));
      throw e;
    }
    if (next < plan.trials()) {
      Workflow.await(Workflow::isEveryHandlerFinished);
      Workflow.continueAsNew(study, continuation());
    }
  }

  private void startTrials(Plan plan) {
    while (next < plan.trials() && !isLongEnough()) {
      for (Trial trial : plans.planPage(plan.planKey(), next, PAGE)) {
        Workflow.await(
            () -> isLongEnough() || (pausedSince == null && trials.inFlight() < maxParallelTrials));
        if (isLongEnough()) {
          break;
        }
        trials.start(run, trial);
        next++;
      }
    }
    Workflow.await(() -> trials.inFlight() == 0);
  }

  /** Whether the rest of the study is left to another run of this workflow. */
  private boolean isLongEnough() {
    return trials.started() >= trialsPerRun
        || (trials.started() > 0 && Workflow.getInfo().isContinueAsNewSuggested());
  }

  private Continuation continuation() {
    return new Continuation(
        plan,
        run,
        selected,
        next,
        trials.done(),
        trials.failed(),
        maxParallelTrials,
        pausedSince,
        trials.since());
  }

  private void close(TrialStatus status) {
    if (run == null) {
      return;
    }
    Detached.run(
        () -> {
          try {
            cleanUp.closeStudyRun(run, status, null);
          } catch (TemporalFailure e) {
            LOG.warn("the study's run stays open: {}", Causes.line(e));
          }
        });
  }
}
