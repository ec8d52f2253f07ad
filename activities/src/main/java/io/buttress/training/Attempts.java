package io.buttress.training;

import io.buttress.failure.StepFailure;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.ObjectStore;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

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
   * Notes that this attempt has begun.
   *
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
    Path empty = Files.createTempFile("begun-", "");
    try {
      store.putIfAbsent(CheckpointKeys.begun(fingerprint, folder()), empty);
    } finally {
      Files.delete(empty);
    }
  }

  /**
   * Whether no other attempt has begun since. One that has lost its server and is given up goes on
   * for a while beside the one that took its place.
   */
  boolean isLatest() throws IOException {
    return store.entries(CheckpointKeys.trial(fingerprint)).stream()
        .filter(entry -> CheckpointKeys.isBegun(entry.key()))
        .max(Comparator.comparing(ObjectStore.Entry::modified).thenComparingInt(this::number))
        .filter(entry -> entry.key().equals(CheckpointKeys.begun(fingerprint, folder())))
        .isPresent();
  }

  /** Tells attempts of one run apart that began in the same instant. */
  private int number(ObjectStore.Entry begun) {
    String attempt = begun.key().split("/")[2];
    return Integer.parseInt(attempt.substring(attempt.lastIndexOf('-') + 1));
  }

  /**
   * What to throw for whatever ended this attempt; not retried when it was the last. A failure that
   * has its type already, such as a hand-over, says itself whether it is.
   */
  RuntimeException failed(Throwable thrown) {
    RuntimeException failure = StepFailure.of(thrown);
    if (failure instanceof TemporalException) {
      return failure;
    }
    try {
      return number - newest() >= MOST ? StepFailure.permanent(thrown) : failure;
    } catch (IOException e) {
      failure.addSuppressed(e);
      return failure;
    }
  }

  /** The last attempt of this run that left a checkpoint; 0: none. */
  private int newest() throws IOException {
    return CheckpointStore.newestAttempt(store, fingerprint, run);
  }
}
