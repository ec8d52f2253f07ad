package io.buttress.training;

import io.buttress.storage.ObjectStore;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * This attempt at a trial among those of its workflow run. Attempts are not limited, because any
 * number of workers may be lost, but five in a row without a newer checkpoint end the trial: one
 * that is out of memory must not take worker after worker with it.
 */
final class Attempts {
  private static final int MOST = 5;

  private final ObjectStore store;
  private final String fingerprint;
  private final String run;
  private final int number;

  /**
   * @param run the trial's workflow run
   * @param number of this attempt, from 1
   */
  Attempts(ObjectStore store, String fingerprint, String run, int number) {
    this.store = store;
    this.fingerprint = fingerprint;
    this.run = run;
    this.number = number;
  }

  /** Names this attempt's checkpoints. */
  String folder() {
    return run + "-" + number;
  }

  /**
   * @throws ApplicationFailure that is not retried, when the attempts before led nowhere
   */
  void begin() throws IOException {
    if (number - 1 - newest() >= MOST) {
      throw ApplicationFailure.newNonRetryableFailure(
          "its worker was lost "
              + MOST
              + " times in a row without a newer checkpoint; has it enough memory?",
          "WorkerLost");
    }
  }

  /** What to throw for a failure of this attempt; not retried when it was the last. */
  RuntimeException failed(Exception failure) {
    try {
      if (number - newest() >= MOST) {
        String message = failure.getMessage();
        return ApplicationFailure.newNonRetryableFailureWithCause(
            message == null ? failure.getClass().getSimpleName() : message,
            failure.getClass().getName(),
            failure);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new UncheckedIOException((IOException) failure);
  }

  /** The last attempt of this run that left a checkpoint; 0: none. */
  private int newest() throws IOException {
    return StoredCheckpoints.newestAttempt(store, fingerprint, run);
  }
}
