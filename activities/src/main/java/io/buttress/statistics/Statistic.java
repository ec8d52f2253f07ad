package io.buttress.statistics;

import java.util.List;
import org.hipparchus.stat.StatUtils;

/**
 * A metric over the runs that have it.
 *
 * @param standardDeviation with divisor runs - 1; null for a single run
 */
public record Statistic(int runs, Double mean, Double standardDeviation) {

  /**
   * @return null without a value
   */
  public static Statistic of(List<Double> values) {
    double[] all = values.stream().mapToDouble(value -> value).toArray();
    return all.length == 0
        ? null
        : new Statistic(
            all.length,
            StatUtils.mean(all),
            all.length == 1 ? null : Math.sqrt(StatUtils.variance(all)));
  }
}
