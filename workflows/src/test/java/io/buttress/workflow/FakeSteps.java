package io.buttress.workflow;

import io.buttress.activity.FineTune;
import io.buttress.activity.MeasureCollapse;
import io.buttress.activity.PlanStudy;
import io.buttress.activity.PrepareDataset;
import io.buttress.activity.ProbePretrained;
import io.buttress.activity.Report;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.activity.TaskQueues;
import io.buttress.activity.TrackRun;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Method;
import io.buttress.study.Planner;
import io.buttress.study.ProbeRequest;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Studies;
import io.buttress.study.StudyPlan;
import io.buttress.study.StudySpec;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.WorkerOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Activities that note their calls and outcomes; the plan is a real one. Tests replace the hooks to
 * make a step fail, block or diverge.
 */
final class FakeSteps {
  /** Calls in the order they began, as in {@code "fineTune stl 1"}. */
  final List<String> calls = new CopyOnWriteArrayList<>();

  /** How trials were closed, by {@code "stl 1"}. */
  final Map<String, TrackRun.Outcome> outcomes = new ConcurrentHashMap<>();

  Consumer<StudySpec> onPlan = spec -> {};
  Runnable onSelect = () -> {};
  Consumer<DatasetRequest> onPrepare = request -> {};
  Consumer<SnapshotRequest> onSnapshot = request -> {};
  Consumer<ProbeRequest> onProbe = request -> {};
  Consumer<Trial> onFineTune = trial -> {};
  Consumer<Trial> onMeasure = trial -> {};
  Consumer<Trial> onOpenRun = trial -> {};
  Consumer<Trial> onCloseRun = trial -> {};
  TrialStatus fineTuned = TrialStatus.DONE;

  /** Plans by their keys. */
  private final Map<String, List<Trial>> plans = new ConcurrentHashMap<>();

  /** Registers each activity on the queue it belongs to, and on no other. */
  void register(
      TestWorkflowEnvironment environment, Class<? extends StudyWorkflowImpl> studyWorkflow) {
    var studies = environment.newWorker(TaskQueues.STUDIES);
    studies.registerWorkflowImplementationTypes(studyWorkflow, TrialWorkflowImpl.class);
    studies.registerActivitiesImplementations(
        new Plans(), new Choices(), new Tracking(), new Reports());
    WorkerOptions promptlyCancelled =
        WorkerOptions.newBuilder().setMaxHeartbeatThrottleInterval(Duration.ofMillis(100)).build();
    environment
        .newWorker(TaskQueues.CPU, promptlyCancelled)
        .registerActivitiesImplementations(new Datasets(), new Measurements());
    environment
        .newWorker(TaskQueues.GPU, promptlyCancelled)
        .registerActivitiesImplementations(new Snapshots(), new Probes(), new FineTuning());
  }

  long count(String call) {
    return calls.stream().filter(c -> c.equals(call) || c.startsWith(call + " ")).count();
  }

  /** As in {@code "stl 1"}; {@code "search stl 1"} when a part of the training set is set apart. */
  static String name(Trial trial) {
    String name = trial.method().id() + " " + trial.seed();
    return trial.selection() == null ? name : "search " + name;
  }

  private final class Plans implements PlanStudy {
    @Override
    public Plan planStudy(StudySpec spec) {
      calls.add("planStudy");
      onPlan.accept(spec);
      StudyPlan plan = Planner.plan(Studies.resolve(spec));
      plans.put("plan", plan.trials());
      return new Plan(plan.studyKey(), "plan", spec.name(), plan.trials().size(), plan.datasets());
    }

    @Override
    public List<Trial> planPage(String planKey, int from, int size) {
      calls.add((planKey.equals("plan") ? "planPage " : planKey + "Page ") + from);
      List<Trial> trials = plans.get(planKey);
      return trials.subList(from, Math.min(from + size, trials.size()));
    }
  }

  /** Chooses the first setting of each method. */
  private final class Choices implements SelectSettings {
    @Override
    public PlanStudy.Plan selectSettings(
        PlanStudy.Plan plan, TrackRun.StudyRun study, boolean refit) {
      calls.add("selectSettings");
      onSelect.run();
      Map<String, Method> first = new LinkedHashMap<>();
      plans.get("plan").forEach(t -> first.putIfAbsent(t.method().id(), t.method()));
      List<Trial> chosen =
          plans.get("plan").stream().filter(t -> first.containsValue(t.method())).toList();
      plans.put("selected", refit ? chosen.stream().map(Planner::refit).toList() : chosen);
      return new PlanStudy.Plan(plan.studyKey(), "selected", "s", chosen.size(), plan.datasets());
    }
  }

  private final class Datasets implements PrepareDataset {
    @Override
    public void prepareDataset(DatasetRequest request) {
      calls.add("prepareDataset " + request.task().spec().id());
      onPrepare.accept(request);
    }
  }

  private final class Snapshots implements SnapshotRepresentations {
    @Override
    public String snapshotRepresentations(SnapshotRequest request) {
      calls.add(
          "snapshotRepresentations "
              + request.dataset().task().spec().id()
              + " "
              + request.split());
      onSnapshot.accept(request);
      return "snapshot";
    }
  }

  private final class Probes implements ProbePretrained {
    @Override
    public void probePretrained(ProbeRequest request) {
      calls.add("probePretrained " + request.key());
      onProbe.accept(request);
    }
  }

  private final class FineTuning implements FineTune {
    @Override
    public FineTuned fineTune(Trial trial, String runId) {
      calls.add("fineTune " + name(trial));
      onFineTune.accept(trial);
      boolean diverged = fineTuned == TrialStatus.DIVERGED;
      return new FineTuned(
          fineTuned,
          diverged ? "the loss is NaN at step 3" : null,
          "fit",
          diverged ? null : "evaluation",
          10,
          1.0,
          320.0,
          Map.of("validation", Map.of("accuracy", 0.75)));
    }
  }

  private final class Measurements implements MeasureCollapse {
    @Override
    public Collapse measureCollapse(Trial trial, String evaluationKey) {
      calls.add("measureCollapse " + name(trial));
      onMeasure.accept(trial);
      return new Collapse("collapse", Map.of("gm_5", 2.0), Map.of("gm_5", 1.0), null, List.of());
    }
  }

  private final class Tracking implements TrackRun {
    @Override
    public StudyRun openStudyRun(PlanStudy.Plan plan, String workflowId) {
      calls.add("openStudyRun");
      return new StudyRun(plan.name(), plan.studyKey(), "run", workflowId);
    }

    @Override
    public String openRun(StudyRun study, Trial trial, String workflowId) {
      calls.add("openRun " + name(trial));
      onOpenRun.accept(trial);
      return "run of " + workflowId;
    }

    @Override
    public String closeRun(StudyRun study, Trial trial, String runId, Outcome outcome) {
      calls.add("closeRun " + name(trial));
      onCloseRun.accept(trial);
      outcomes.put(name(trial), outcome);
      return "result";
    }

    @Override
    public void closeStudyRun(StudyRun study, TrialStatus status, String reportKey) {
      calls.add("closeStudyRun " + status);
    }
  }

  private final class Reports implements Report {
    @Override
    public String report(PlanStudy.Plan plan, TrackRun.StudyRun study, PlanStudy.Plan selected) {
      calls.add(selected == null ? "report" : "report " + selected.planKey());
      return "report";
    }
  }
}
