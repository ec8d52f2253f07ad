package io.buttress.tracking;

import io.buttress.activity.Failures;
import io.buttress.failure.Permanent;

/** An MLflow experiment that somebody must mend before runs can be logged to it. */
final class UnusableExperimentException extends RuntimeException implements Permanent {
  private static final long serialVersionUID = 1L;

  UnusableExperimentException(String message) {
    super(message);
  }

  @Override
  public String type() {
    return Failures.INVALID_STUDY;
  }
}
