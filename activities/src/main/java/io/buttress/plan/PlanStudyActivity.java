package io.buttress.plan;

import io.buttress.activity.Failures;
import io.buttress.activity.PlanStudy;
import io.buttress.source.Sources;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Planner;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.StudyPlan;
import io.buttress.study.StudySpec;
import io.buttress.study.Trial;
import io.temporal.activity.Activity;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    try {
      ResolvedStudy study =
          resolver.resolve(spec, path -> Activity.getExecutionContext().heartbeat(path));
      StudyPlan planned = Planner.plan(study);
      return new Plan(
          planned.studyKey(),
          plans.put(planned.trials()),
          spec.name(),
          planned.trials().size(),
          planned.datasets());
    } catch (InvalidStudyException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<Trial> planPage(String planKey, int from, int size) {
    try {
      return plans.page(planKey, from, size);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
