package io.buttress.worker;

import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Temporal every few seconds whether it answers. */
final class TemporalReachability implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TemporalReachability.class);
  private static final Duration PAUSE = Duration.ofSeconds(3);
  private static final long LIMIT_SECONDS = 3;

  private final WorkflowServiceStubs stubs;
  private final ScheduledExecutorService asking =
      Executors.newSingleThreadScheduledExecutor(new DaemonThreads("temporal-reachability"));
  private volatile boolean reachable = true;

  /**
   * @param stubs of a server that has just answered
   */
  TemporalReachability(WorkflowServiceStubs stubs) {
    this(stubs, PAUSE);
  }

  TemporalReachability(WorkflowServiceStubs stubs, Duration pause) {
    this.stubs = stubs;
    asking.scheduleWithFixedDelay(this::ask, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void ask() {
    boolean answers;
    String problem = "";
    try {
      stubs
          .blockingStub()
          .withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS)
          .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
      answers = true;
    } catch (StatusRuntimeException e) {
      answers = false;
      problem = e.getStatus().toString();
    }
    if (answers != reachable) {
      if (answers) {
        LOG.info("Temporal answers again");
      } else {
        LOG.warn("Temporal does not answer: {}", problem);
      }
      reachable = answers;
    }
  }

  /** Whether it answered when it was asked last. */
  boolean answers() {
    return reachable;
  }

  @Override
  public void close() {
    asking.shutdownNow();
  }
}
