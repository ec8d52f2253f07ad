package io.buttress.workflow;

import io.buttress.activity.TrackRun;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/** Runs one trial: fine-tune, evaluate, measure collapse, track. Fails only by cancellation. */
@WorkflowInterface
public interface TrialWorkflow {

  @WorkflowMethod(name = "Trial")
  Ended run(TrackRun.StudyRun study, Trial trial);

  /**
   * What a study remembers of a trial.
   *
   * @param resultKey artifact with {@code result.json}
   */
  record Ended(String fingerprint, TrialStatus status, String resultKey) {}
}
