package io.buttress.workflow;

import io.buttress.activity.Failures;
import io.buttress.activity.PlanStudy;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.PrepareDataset;
import io.buttress.activity.PrepareDataset.Prepared;
import io.buttress.activity.Report;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.DatasetRequest;
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
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;

/** {@inheritDoc} */
public final class StudyWorkflowImpl implements StudyWorkflow {
  private static final Logger LOG = Workflow.getLogger(StudyWorkflowImpl.class);
  private static final int PAGE = 100;

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

  private final TrialRuns trials = new TrialRuns();
  private int planned;

  @Override
  public StudyResult run(RawValue study) {
    StudySpec spec = parse(study);
    StudyRun run = null;
    try {
      Plan plan = planning.planStudy(spec);
      planned = plan.trials();
      run = opening.openStudyRun(plan, Workflow.getInfo().getWorkflowId());
      prepare(plan.datasets());
      int parallel = spec.execution().maxParallelTrials();
      runTrials(plan, run, parallel);
      Plan selected = null;
      if (spec.selection() != null) {
        selected = selectSettings.selectSettings(plan, run, spec.selection().refit());
        if (spec.selection().refit()) {
          planned += selected.trials();
          runTrials(selected, run, parallel);
        }
      }
      String reportKey = report.report(plan, run, selected);
      tracking.closeStudyRun(run, TrialStatus.DONE, reportKey);
      return new StudyResult(plan.studyKey(), planned, trials.done(), trials.failed(), reportKey);
    } catch (TemporalFailure e) {
      boolean cancelled = Causes.isCancellation(e);
      close(run, cancelled ? TrialStatus.CANCELLED : TrialStatus.ERROR);
      throw cancelled ? e : Causes.ending(e);
    }
  }

  @Override
  public StudyProgress progress() {
    return new StudyProgress(
        planned,
        trials.done(),
        trials.failed(),
        trials.running(),
        false,
        trials.secondsLeft(planned));
  }

  private static StudySpec parse(RawValue study) {
    try {
      // A start without any input arrives as null.
      byte[] json = study == null ? new byte[0] : study.getPayload().getData().toByteArray();
      return new StudyParser(TaskCatalog.builtIn()).parse(json);
    } catch (InvalidStudyException e) {
      throw Causes.ending(e.getMessage(), Failures.INVALID_STUDY);
    }
  }

  /**
   * All at once; the first that fails ends the study, before any trial has cost anything, and the
   * others with it: their next heartbeat tells them.
   */
  private void prepare(List<DatasetRequest> datasets) {
    List<Promise<Prepared>> prepared = new ArrayList<>();
    for (DatasetRequest dataset : datasets) {
      prepared.add(Async.function(prepareDataset::prepareDataset, dataset));
    }
    Promise.allOf(prepared).get();
  }

  /** At most {@code parallel} in flight; none is left in flight, whatever happens. */
  private void runTrials(Plan plan, StudyRun run, int parallel) {
    CancellationScope scope =
        Workflow.newCancellationScope(
            () -> {
              for (int from = 0; from < plan.trials(); from += PAGE) {
                for (Trial trial : plans.planPage(plan.planKey(), from, PAGE)) {
                  Workflow.await(() -> trials.inFlight() < parallel);
                  trials.start(run, trial);
                }
              }
              Workflow.await(() -> trials.inFlight() == 0);
            });
    try {
      scope.run();
    } catch (TemporalFailure e) {
      scope.cancel("the study ends");
      Detached.run(() -> Workflow.await(() -> trials.inFlight() == 0));
      throw e;
    }
  }

  private void close(StudyRun run, TrialStatus status) {
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
