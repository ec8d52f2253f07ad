package io.buttress.failure;

/** An exception that no further attempt can avoid. Its message says what is to be mended. */
public interface Permanent {

  /** The failure's type: one of {@link io.buttress.activity.Failures}. */
  String type();
}
