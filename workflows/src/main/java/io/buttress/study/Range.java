package io.buttress.study;

/**
 * The numbers a parameter may take.
 *
 * @param least smallest value, itself allowed unless {@code aboveLeast}
 * @param most largest value, itself allowed unless {@code belowMost}
 */
public record Range(double least, boolean aboveLeast, double most, boolean belowMost) {
  public static final Range ANY =
      new Range(Double.NEGATIVE_INFINITY, false, Double.POSITIVE_INFINITY, false);

  public static Range atLeast(double least) {
    return new Range(least, false, Double.POSITIVE_INFINITY, false);
  }

  public static Range above(double least) {
    return new Range(least, true, Double.POSITIVE_INFINITY, false);
  }

  public static Range closed(double least, double most) {
    return new Range(least, false, most, false);
  }

  /** {@code least} allowed, {@code most} not. */
  public static Range halfOpen(double least, double most) {
    return new Range(least, false, most, true);
  }

  public boolean contains(double value) {
    return (aboveLeast ? value > least : value >= least)
        && (belowMost ? value < most : value <= most);
  }

  /** As in "must be ...": {@code >= 0}, {@code > 0}, {@code in [0, 1)}. */
  @Override
  public String toString() {
    if (most == Double.POSITIVE_INFINITY) {
      return (aboveLeast ? "> " : ">= ") + plain(least);
    }
    return "in "
        + (aboveLeast ? "(" : "[")
        + plain(least)
        + ", "
        + plain(most)
        + (belowMost ? ")" : "]");
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }
}
