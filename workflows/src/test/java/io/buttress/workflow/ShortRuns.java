package io.buttress.workflow;

import io.temporal.common.converter.RawValue;
import io.temporal.workflow.WorkflowInit;

/** Studies that continue as new after every third trial. */
public final class ShortRuns extends StudyWorkflowImpl {
  static final int TRIALS = 3;

  @WorkflowInit
  public ShortRuns(RawValue study, RawValue continued) {
    super(study, continued, TRIALS);
  }
}
