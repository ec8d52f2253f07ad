package io.buttress.model;

import java.io.IOException;

/** A model folder that cannot be used; the message names file and field or tensor. */
public final class InvalidModelException extends IOException {
  public InvalidModelException(String message) {
    super(message);
  }
}
