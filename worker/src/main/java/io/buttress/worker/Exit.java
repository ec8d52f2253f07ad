package io.buttress.worker;

/** Exit codes of the command line. */
final class Exit {
  static final int DONE = 0;

  /** The study ended, but not every trial has a result. */
  static final int SOME_FAILED = 1;

  /** The study or the command line is wrong. */
  static final int USAGE = 2;

  /** A service that is needed could not be used. */
  static final int SERVICE = 3;

  static final int CANCELLED = 130;

  private Exit() {}
}
