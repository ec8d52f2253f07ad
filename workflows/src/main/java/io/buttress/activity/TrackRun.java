package io.buttress.activity;

import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

/**
 * Keeps the tracking server's runs in step with studies and trials. Every method can be repeated: a
 * run is found again by its study key and fingerprint.
 */
@ActivityInterface
public interface TrackRun {

  /**
   * Opens (or finds) the run of a study. Of trials that an earlier attempt at the study left
   * running, because it was terminated, it ends the runs as killed.
   */
  @ActivityMethod
  StudyRun openStudyRun(PlanStudy.Plan plan, String workflowId);

  /** Opens (or finds) the run of a trial, nested in its study's. Returns its id, or null. */
  @ActivityMethod
  String openRun(StudyRun study, Trial trial, String workflowId);

  /**
   * Logs a trial's history, metrics and artifacts, stores its {@code TrialResult}, ends its run.
   * Removes its checkpoints, unless it failed: a later attempt may go on from them.
   *
   * @return key of the artifact with {@code result.json}
   */
  @ActivityMethod
  String closeRun(StudyRun study, Trial trial, String runId, Outcome outcome);

  /** Ends a study's run, with its report's files when there is a report. */
  @ActivityMethod
  void closeStudyRun(StudyRun study, TrialStatus status, String reportKey);

  /**
   * A study's run.
   *
   * @param runId id on the tracking server; null when tracking is off
   * @param workflowRunId first run of the study's workflow: tells failed trials of two attempts at
   *     one study apart
   */
  record StudyRun(String name, String studyKey, String runId, String workflowRunId) {}

  /**
   * How a trial ended.
   *
   * @param failure one line, or null
   * @param fineTuned null when it did not get that far
   * @param collapse likewise
   */
  record Outcome(
      TrialStatus status,
      String failure,
      FineTune.FineTuned fineTuned,
      MeasureCollapse.Collapse collapse) {}
}
