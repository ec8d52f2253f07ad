package io.buttress.model;

import io.buttress.activity.Failures;
import io.buttress.failure.Permanent;
import java.io.IOException;

/** A model folder that cannot be used; the message names file and field or tensor. */
public final class InvalidModelException extends IOException implements Permanent {
  public InvalidModelException(String message) {
    super(message);
  }

  @Override
  public String type() {
    return Failures.INVALID_STUDY;
  }
}
