package io.buttress.workflow;

import io.buttress.activity.Failures;
import io.buttress.activity.TaskQueues;
import io.temporal.activity.ActivityCancellationType;
import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import java.time.Duration;

/**
 * Where each activity runs, for how long and how often it is tried.
 *
 * <p>None has a schedule-to-start limit: waiting for a free worker is no failure. Every activity
 * has a heartbeat timeout, so that a lost worker is noticed in seconds ({@code
 * io.buttress.activity.KeepAlive} sends the heartbeats). What a study's author must mend is never
 * tried again.
 */
final class StepOptions {
  private static final Duration HEARTBEAT = Duration.ofSeconds(30);

  /** While nothing is lost yet, a service that does not answer ends the study after a minute. */
  private static final RetryOptions BEGINNING =
      retries(Duration.ofSeconds(1), Duration.ofSeconds(30), 6);

  /** Bridges a restart of the object store. */
  private static final RetryOptions WORK =
      retries(Duration.ofSeconds(1), Duration.ofMinutes(1), 10);

  static final ActivityOptions PLAN =
      options(TaskQueues.STUDIES, Duration.ofHours(2)).setRetryOptions(BEGINNING).build();

  static final ActivityOptions OPEN_STUDY =
      options(TaskQueues.STUDIES, Duration.ofMinutes(10)).setRetryOptions(BEGINNING).build();

  /** Reading the plan, writing the report. */
  static final ActivityOptions STUDY =
      options(TaskQueues.STUDIES, Duration.ofHours(1)).setRetryOptions(WORK).build();

  /** Waits a day for the tracking server: by then there are results to lose. */
  static final ActivityOptions TRACK =
      options(TaskQueues.STUDIES, Duration.ofHours(1))
          .setScheduleToCloseTimeout(Duration.ofDays(1))
          .setRetryOptions(retries(Duration.ofSeconds(1), Duration.ofMinutes(1), 0))
          .build();

  /** Closes runs of what was cancelled: worth trying, not worth waiting for. */
  static final ActivityOptions CLEAN_UP =
      options(TaskQueues.STUDIES, Duration.ofMinutes(1))
          .setScheduleToCloseTimeout(Duration.ofMinutes(5))
          .setRetryOptions(retries(Duration.ofSeconds(1), Duration.ofSeconds(30), 0))
          .build();

  static final ActivityOptions CPU =
      options(TaskQueues.CPU, Duration.ofHours(4)).setRetryOptions(WORK).build();

  static final ActivityOptions SNAPSHOT =
      options(TaskQueues.GPU, Duration.ofHours(24)).setRetryOptions(WORK).build();

  /**
   * Any number of workers may be lost; the activity itself ends a trial that gets nowhere. A worker
   * that replaces one at once is to train again within ten seconds, however many were lost before:
   * hence a short timeout, and a back-off that does not grow.
   */
  static final ActivityOptions FINE_TUNE =
      options(TaskQueues.GPU, Duration.ofHours(24))
          .setHeartbeatTimeout(Duration.ofSeconds(5))
          .setCancellationType(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
          .setRetryOptions(retries(Duration.ofSeconds(1), Duration.ofSeconds(1), 0))
          .build();

  private StepOptions() {}

  private static ActivityOptions.Builder options(String queue, Duration longest) {
    return ActivityOptions.newBuilder()
        .setTaskQueue(queue)
        .setStartToCloseTimeout(longest)
        .setHeartbeatTimeout(HEARTBEAT);
  }

  /**
   * @param attempts 0: no limit
   */
  private static RetryOptions retries(Duration first, Duration longest, int attempts) {
    return RetryOptions.newBuilder()
        .setInitialInterval(first)
        .setBackoffCoefficient(2)
        .setMaximumInterval(longest)
        .setMaximumAttempts(attempts)
        .setDoNotRetry(Failures.INVALID_STUDY, Failures.INVALID_DATA)
        .build();
  }
}
