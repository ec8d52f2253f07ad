package io.buttress.source;

/** A URI in a study that leads to nothing usable; the message says why and what to do. */
public final class SourceException extends Exception {
  private static final long serialVersionUID = 1L;

  public SourceException(String message) {
    super(message);
  }
}
