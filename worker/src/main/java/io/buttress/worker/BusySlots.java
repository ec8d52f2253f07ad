package io.buttress.worker;

import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import java.util.concurrent.atomic.AtomicInteger;

/** Worker interceptor: counts the activities that run now, of all queues. */
final class BusySlots extends WorkerInterceptorBase {
  private final AtomicInteger busy = new AtomicInteger();

  int count() {
    return busy.get();
  }

  @Override
  public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
    return new ActivityInboundCallsInterceptorBase(next) {
      @Override
      public ActivityOutput execute(ActivityInput input) {
        busy.incrementAndGet();
        try {
          return super.execute(input);
        } finally {
          busy.decrementAndGet();
        }
      }
    };
  }
}
