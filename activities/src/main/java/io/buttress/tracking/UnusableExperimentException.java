package io.buttress.tracking;

/** An MLflow experiment that somebody must mend before runs can be logged to it. */
final class UnusableExperimentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnusableExperimentException(String message) {
    super(message);
  }
}
