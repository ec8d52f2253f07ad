package io.buttress.plan;

import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.evaluation.Metrics;
import io.buttress.failure.Step;
import io.buttress.result.ResultStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Planner;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Chooses settings by the stored results of a study's trials, and plans what is reported. */
public final class SelectSettingsActivity implements SelectSettings {
  private final PlanStore plans;
  private final ResultStore results;

  public SelectSettingsActivity(ArtifactStore store) {
    plans = new PlanStore(store);
    results = new ResultStore(store);
  }

  @Override
  public Plan selectSettings(Plan plan, StudyRun study, boolean refit) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    return Step.run(
        () -> {
          List<Trial> trials = plans.page(plan.planKey(), 0, plan.trials());
          List<Double> scores = new ArrayList<>();
          for (Trial trial : trials) {
            context.heartbeat(scores.size());
            scores.add(score(trial, results.find(study, trial)));
          }
          List<Trial> chosen = SettingChoice.of(trials, scores);
          List<Trial> reported = refit ? chosen.stream().map(Planner::refit).toList() : chosen;
          String key = plans.put(reported);
          return new Plan(plan.studyKey(), key, plan.name(), reported.size(), plan.datasets());
        });
  }

  /** The primary metric on the selection split; null for a trial that has none. */
  private static Double score(Trial trial, Optional<TrialResult> result) {
    if (result.isEmpty()
        || result.get().status() != TrialStatus.DONE
        || result.get().selection() == null) {
      return null;
    }
    return Metrics.mean(trial.dataset().task().spec().metric(), result.get().selection());
  }
}
