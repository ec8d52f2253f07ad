package io.buttress.plan;

import io.buttress.activity.PlanStudy;
import io.buttress.failure.Step;
import io.buttress.source.Sources;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Planner;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.StudyPlan;
import io.buttress.study.StudySpec;
import io.buttress.study.Trial;
import io.temporal.activity.Activity;
import java.util.List;

/** Imports a study's models and data, plans its trials, keeps the plan. */
public final class PlanStudyActivity implements PlanStudy {
  private final StudyResolver resolver;
  private final PlanStore plans;

  public PlanStudyActivity(ArtifactStore store, Sources sources) {
    this.resolver = new StudyResolver(store, sources);
    this.plans = new PlanStore(store);
  }

  @Override
  public Plan planStudy(StudySpec spec) {
    return Step.run(
        () -> {
          ResolvedStudy study =
              resolver.resolve(spec, path -> Activity.getExecutionContext().heartbeat(path));
          StudyPlan planned = Planner.plan(study);
          return new Plan(
              planned.studyKey(),
              plans.put(planned.trials()),
              spec.name(),
              planned.trials().size(),
              planned.datasets());
        });
  }

  @Override
  public List<Trial> planPage(String planKey, int from, int size) {
    return Step.run(() -> plans.page(planKey, from, size));
  }
}
