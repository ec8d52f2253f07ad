package io.buttress.worker;

import java.util.function.BooleanSupplier;

/** What a worker says of itself to whoever watches it. Safe for many threads. */
final class Health {
  private volatile boolean started;
  private volatile BooleanSupplier ready = () -> false;

  /**
   * The worker has everything it needs, and serves its queues.
   *
   * @param temporalAnswers whether it can take work now; must not block
   */
  void started(BooleanSupplier temporalAnswers) {
    ready = temporalAnswers;
    started = true;
  }

  /** It takes no more work, and lives until it has given back what it has. */
  void stopping() {
    ready = () -> false;
  }

  boolean lives() {
    return started;
  }

  boolean ready() {
    return ready.getAsBoolean();
  }
}
