package io.buttress.worker;

/** How much is run of the integration tests that take longest: all with {@code CI_FULL=1}. */
final class Extent {
  static final String VARIABLE = "CI_FULL";
  static final boolean FULL = "1".equals(System.getenv(VARIABLE));

  private Extent() {}
}
