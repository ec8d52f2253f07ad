package io.buttress.activity;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/** Writes a study's report from the stored results of its trials. */
@ActivityInterface
public interface Report {

  /**
   * Returns the key of an artifact with {@code report.json}, {@code report.html}, {@code
   * report.md}, {@code trials.csv} and {@code tables.tex}.
   *
   * @param selected the trials that a study with selection reports, some or none of which are in
   *     {@code plan}; null in a study without
   */
  @ActivityMethod
  String report(PlanStudy.Plan plan, TrackRun.StudyRun study, PlanStudy.Plan selected);
}
