package io.buttress.worker;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInfo;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import org.slf4j.MDC;

/**
 * Worker interceptor: what an activity logs tells its study, trial, workflow, run and attempt.
 * Workflows get the fields that Temporal's SDK sets.
 */
final class LogContext extends WorkerInterceptorBase {
  private static final String STUDY = "study";
  private static final String TRIAL = "trial";
  private static final String ATTEMPT = "attempt";

  @Override
  public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
    return new ActivityInboundCallsInterceptorBase(next) {
      private ActivityInfo info;

      @Override
      public void init(ActivityExecutionContext context) {
        info = context.getInfo();
        super.init(context);
      }

      @Override
      public ActivityOutput execute(ActivityInput input) {
        // A trial is a child of its study: STUDY/TRIAL.
        String workflow = info.getWorkflowId();
        int slash = workflow.lastIndexOf('/');
        MDC.put(STUDY, slash < 0 ? workflow : workflow.substring(0, slash));
        if (slash >= 0) {
          MDC.put(TRIAL, workflow.substring(slash + 1));
        }
        MDC.put(ATTEMPT, String.valueOf(info.getAttempt()));
        try {
          return super.execute(input);
        } finally {
          MDC.remove(STUDY);
          MDC.remove(TRIAL);
          MDC.remove(ATTEMPT);
        }
      }
    };
  }
}
