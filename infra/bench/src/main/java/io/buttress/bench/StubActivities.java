package io.buttress.bench;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse.Collapse;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.Blob;
import io.buttress.study.DataFile;
import io.buttress.study.Json;
import io.buttress.study.Planner;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.ResolvedTask;
import io.buttress.study.StudyPlan;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import io.buttress.study.TrialStatus;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import io.temporal.activity.DynamicActivity;
import io.temporal.common.converter.EncodedValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Every activity, by its name; the plan is a real one of files that nobody reads. */
final class StubActivities implements DynamicActivity {
  private volatile StudyPlan plan;

  @Override
  public Object execute(EncodedValues arguments) {
    ActivityInfo info = Activity.getExecutionContext().getInfo();
    return switch (info.getActivityType()) {
      case "PlanStudy" -> plan(arguments.get(0, StudySpec.class));
      case "PlanPage" -> {
        int from = arguments.get(1, Integer.class);
        int to = Math.min(from + arguments.get(2, Integer.class), plan.trials().size());
        yield plan.trials().subList(from, to);
      }
      case "OpenStudyRun" -> new StudyRun("s", plan.studyKey(), "run", info.getWorkflowRunId());
      case "FineTune" ->
          new FineTuned(
              TrialStatus.DONE,
              null,
              Json.sha256("fit"),
              Json.sha256("evaluation"),
              1000,
              60.0,
              320.0,
              Map.of("validation", Map.of("accuracy", 0.75)));
      case "MeasureCollapse" ->
          new Collapse(Json.sha256("c"), Map.of("gm_5", 2.0), Map.of("gm_5", 1.0), null, List.of());
      // Keys of runs, snapshots, results and reports; what returns nothing ignores it.
      default -> Json.sha256(info.getActivityType());
    };
  }

  private Plan plan(StudySpec spec) {
    List<ResolvedModel> models =
        spec.models().stream()
            .map(uri -> new ResolvedModel(uri, Json.sha256("key"), Json.sha256(uri)))
            .toList();
    List<ResolvedTask> tasks = new ArrayList<>();
    for (TaskSpec task : spec.tasks()) {
      TreeMap<String, DataFile> splits = new TreeMap<>();
      for (String split : List.of("train", "validation")) {
        splits.put(split, new DataFile(split, "tsv", new Blob(Json.sha256(split), 1)));
      }
      tasks.add(new ResolvedTask(task, splits));
    }
    plan = Planner.plan(new ResolvedStudy(spec, models, tasks, List.of()));
    return new Plan(
        plan.studyKey(), Json.sha256("plan"), spec.name(), plan.trials().size(), plan.datasets());
  }
}
