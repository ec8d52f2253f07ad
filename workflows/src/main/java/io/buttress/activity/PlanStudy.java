package io.buttress.activity;

import io.buttress.study.DatasetRequest;
import io.buttress.study.StudySpec;
import io.buttress.study.Trial;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.List;

/** Turns a study into a stored plan: models and data imported and pinned, trials listed. */
@ActivityInterface
public interface PlanStudy {

  /**
   * Imports models and data files into the object store, plans the trials, stores the plan.
   *
   * @throws io.temporal.failure.ApplicationFailure {@link Failures#INVALID_STUDY}, listing every
   *     file or model that is missing or unusable
   */
  @ActivityMethod
  Plan planStudy(StudySpec spec);

  /** Trials {@code from} (inclusive) to {@code from + size} (exclusive) of a stored plan. */
  @ActivityMethod
  List<Trial> planPage(String planKey, int from, int size);

  /**
   * A stored plan.
   *
   * @param studyKey sha256 of the resolved study
   * @param planKey artifact that holds it
   * @param datasets distinct datasets of all its trials
   */
  record Plan(
      String studyKey, String planKey, String name, int trials, List<DatasetRequest> datasets) {}
}
