package io.buttress.encoding;

import io.temporal.failure.ApplicationFailure;
import java.time.Duration;

/**
 * Whether this worker wants its work to go on elsewhere, because it was told to stop. Trials in
 * training leave a checkpoint first; whatever runs an encoder gives itself back for an immediate
 * retry. Safe for many threads.
 */
public final class HandOver {
  /** The server takes a delay of zero for "no retry". */
  private static final Duration AT_ONCE = Duration.ofMillis(1);

  private boolean requested;
  private int running;

  /** Asks running work to end soon, for an immediate retry on another worker. */
  public synchronized void request() {
    requested = true;
  }

  public synchronized boolean isRequested() {
    return requested;
  }

  public synchronized void begin() {
    running++;
  }

  public synchronized void end() {
    running--;
    notifyAll();
  }

  /** Waits until nothing runs any more, at most so long. */
  public synchronized void awaitIdle(Duration longest) throws InterruptedException {
    long deadline = System.nanoTime() + longest.toNanos();
    for (long left = longest.toMillis(); running > 0 && left > 0; ) {
      wait(left);
      left = (deadline - System.nanoTime()) / 1_000_000;
    }
  }

  /**
   * @throws ApplicationFailure that gives the work back, when that is asked for
   */
  public void check() {
    if (isRequested()) {
      throw ApplicationFailure.newBuilder()
          .setMessage("its worker was told to stop")
          .setType("HandedOver")
          .setNextRetryDelay(AT_ONCE)
          .build();
    }
  }
}
