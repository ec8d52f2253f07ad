package io.buttress.activity;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** Chooses one setting of each method, once the trials of a study with selection have ended. */
@ActivityInterface
public interface SelectSettings {

  /**
   * Chooses for each (model, task, regime, method) the setting with the greatest mean primary
   * metric on the selection split, from stored results.
   *
   * @param refit whether the chosen settings are to be trained again, on all of the training set
   * @return a stored plan of the trials that the study reports: those that are to be run again, or
   *     the chosen ones of {@code plan}
   */
  @ActivityMethod
  PlanStudy.Plan selectSettings(PlanStudy.Plan plan, TrackRun.StudyRun study, boolean refit);
}
