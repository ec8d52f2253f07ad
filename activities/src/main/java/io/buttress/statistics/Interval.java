package io.buttress.statistics;

/**
 * 95 % percentile interval of a difference.
 *
 * @param seeds which both methods have
 * @param descriptiveOnly whether these are too few to call one method better
 */
public record Interval(double low, double high, int seeds, int resamples, boolean descriptiveOnly) {
  /** Below this many runs a table describes and does not compare. */
  public static final int ENOUGH_RUNS = 5;

  /** Whether it tells that the difference is positive. */
  public boolean tellsImprovement() {
    return !descriptiveOnly && low > 0;
  }
}
