package io.buttress.source;

import io.buttress.activity.Failures;
import io.buttress.failure.Permanent;

/** A URI in a study that leads to nothing usable; the message says why and what to do. */
public final class SourceException extends Exception implements Permanent {
  private static final long serialVersionUID = 1L;

  public SourceException(String message) {
    super(message);
  }

  @Override
  public String type() {
    return Failures.INVALID_STUDY;
  }
}
