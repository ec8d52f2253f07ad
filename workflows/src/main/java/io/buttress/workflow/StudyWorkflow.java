package io.buttress.workflow;

import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.temporal.common.converter.RawValue;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.UpdateValidatorMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/**
 * Runs a study: plans it, prepares its data, runs its trials as child workflows, trains the chosen
 * settings again where it selects, writes its report.
 *
 * <p>Takes the study's JSON as it was given and parses it itself, because an argument that does not
 * fit a declared type would fail the workflow task, again and again, and never the workflow.
 */
@WorkflowInterface
public interface StudyWorkflow {

  /**
   * Ends when every trial has ended, whatever became of them. A long study continues as new, so
   * that no history grows without bound.
   *
   * @param continued what the run before left to this one; none in the first, which is started with
   *     the study alone
   * @throws io.temporal.failure.ApplicationFailure {@code InvalidStudy}, listing every problem, or
   *     {@code InvalidData}, naming file and line
   */
  @WorkflowMethod(name = "Study")
  StudyResult run(RawValue study, RawValue continued);

  @QueryMethod
  StudyProgress progress();

  /** Starts no new trial until {@link #resume}; those that run go on. */
  @SignalMethod
  void pause();

  @SignalMethod
  void resume();

  /** From now on; trials that run are not stopped. */
  @UpdateMethod
  void setMaxParallelTrials(int trials);

  @UpdateValidatorMethod(updateName = "setMaxParallelTrials")
  void checkMaxParallelTrials(int trials);
}
