package io.buttress.bench;

import java.util.Collection;
import org.hipparchus.stat.descriptive.rank.Percentile;
import org.hipparchus.stat.descriptive.rank.Percentile.EstimationType;

/** Linear between two measured values, as Python's {@code statistics} has them inclusively. */
final class Quantiles {
  private Quantiles() {}

  static double median(Collection<Double> values) {
    return of(values, 0.5);
  }

  /**
   * The value that a share of all lies below.
   *
   * @param share above 0, up to 1
   */
  static double of(Collection<Double> values, double share) {
    double[] data = values.stream().mapToDouble(Double::doubleValue).toArray();
    return new Percentile().withEstimationType(EstimationType.R_7).evaluate(data, 100 * share);
  }
}
