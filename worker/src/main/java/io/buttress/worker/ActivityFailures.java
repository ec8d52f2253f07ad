package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.client.ActivityCompletionException;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.failure.ApplicationFailure;

/**
 * Worker interceptor: counts attempts of activities that fail, most of which Temporal tries again,
 * by activity and cause. An attempt that is cancelled has not failed.
 */
final class ActivityFailures extends WorkerInterceptorBase {
  private final MetricRegistry metrics;

  ActivityFailures(MetricRegistry metrics) {
    this.metrics = metrics;
  }

  @Override
  public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
    return new ActivityInboundCallsInterceptorBase(next) {
      private String activity;

      @Override
      public void init(ActivityExecutionContext context) {
        activity = context.getInfo().getActivityType();
        super.init(context);
      }

      @Override
      public ActivityOutput execute(ActivityInput input) {
        try {
          return super.execute(input);
        } catch (ActivityCompletionException e) {
          throw e;
        } catch (RuntimeException | Error e) {
          metrics
              .counter(MetricRegistry.name("buttress.activity.failures", activity, cause(e)))
              .inc();
          throw e;
        }
      }
    };
  }

  /** A kind of failure, never what it says. */
  static String cause(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && !(root instanceof ApplicationFailure)) {
      root = root.getCause();
    }
    String kind =
        root instanceof ApplicationFailure application
            ? application.getType()
            : root.getClass().getName();
    return kind.substring(kind.lastIndexOf('.') + 1);
  }
}
