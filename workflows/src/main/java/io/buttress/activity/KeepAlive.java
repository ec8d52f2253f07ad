package io.buttress.activity;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInfo;
import io.temporal.client.ActivityCanceledException;
import io.temporal.client.ActivityCompletionException;
import io.temporal.common.interceptors.ActivityExecutionContextBase;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Worker interceptor: sends heartbeats for every activity that has a heartbeat timeout, from a
 * thread of its own, for as long as the activity runs. Each repeats the details that the activity
 * gave last. So activities call {@code heartbeat} only to tell their progress, and to learn of
 * their cancellation from the exception it throws.
 */
public final class KeepAlive extends WorkerInterceptorBase {
  private static final Logger LOG = LoggerFactory.getLogger(KeepAlive.class);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  @Override
  public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
    return new Calls(next);
  }

  private static final class Calls extends ActivityInboundCallsInterceptorBase {
    private RememberingContext context;

    Calls(ActivityInboundCallsInterceptor next) {
      super(next);
    }

    @Override
    public void init(ActivityExecutionContext outer) {
      context = new RememberingContext(outer);
      super.init(context);
    }

    @Override
    public ActivityOutput execute(ActivityInput input) {
      ActivityInfo info = context.getInfo();
      Duration timeout = info.getHeartbeatTimeout();
      if (info.isLocal() || timeout == null || timeout.isZero()) {
        return super.execute(input);
      }
      long pause = Math.min(LONGEST_PAUSE.toMillis(), timeout.toMillis() / 4);
      ScheduledExecutorService beats =
          Executors.newSingleThreadScheduledExecutor(
              task -> {
                Thread thread = new Thread(task, "keep-alive-" + info.getActivityType());
                thread.setDaemon(true);
                return thread;
              });
      beats.scheduleWithFixedDelay(context::repeat, pause, pause, TimeUnit.MILLISECONDS);
      try {
        return super.execute(input);
      } finally {
        beats.shutdownNow();
      }
    }
  }

  private static final class RememberingContext extends ActivityExecutionContextBase {
    private volatile Object last;

    RememberingContext(ActivityExecutionContext next) {
      super(next);
    }

    @Override
    public <V> void heartbeat(V details) {
      last = details;
      super.heartbeat(details);
    }

    void repeat() {
      try {
        super.heartbeat(last);
      } catch (ActivityCanceledException e) {
        // The activity learns of it from its own call, and needs its heartbeats until it ends.
        LOG.debug("activity is cancelled", e);
      } catch (ActivityCompletionException e) {
        LOG.debug("heartbeat is no longer wanted", e);
      }
    }
  }
}
