package io.buttress.activity;

/** Types of non-retryable failures. */
public final class Failures {
  /** The study itself is wrong: a field, a missing file, a model that cannot be used. */
  public static final String INVALID_STUDY = "InvalidStudy";

  /** A data file is wrong; the message names file and line. */
  public static final String INVALID_DATA = "InvalidData";

  /** What an earlier step stored is lost; starting the study again makes it anew. */
  public static final String LOST = "Lost";

  private Failures() {}
}
