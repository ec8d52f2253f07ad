package io.buttress.statistics;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.hipparchus.stat.ranking.NaturalRanking;
import org.hipparchus.stat.ranking.TiesStrategy;

/**
 * Wilcoxon's signed-rank test over paired results, and Holm's correction for several tests.
 *
 * <p>Exact for any number of pairs and with ties: Hipparchus enumerates 2^n signs and, for more
 * than 30 pairs, corrects its normal approximation for continuity in the wrong direction.
 */
public final class SignedRanks {
  /** Fewer pairs cannot reach 0.05, whatever their differences. */
  static final int LEAST_PAIRS = 6;

  private SignedRanks() {}

  /**
   * Two-sided p of no difference. Pairs of equal values are left out, as Wilcoxon did.
   *
   * @return null with fewer than {@link #LEAST_PAIRS} pairs; 1 when all of them are equal
   */
  public static Double p(List<Double> first, List<Double> second) {
    if (first.size() < LEAST_PAIRS) {
      return null;
    }
    double[] differences =
        IntStream.range(0, first.size())
            .mapToDouble(i -> first.get(i) - second.get(i))
            .filter(difference -> difference != 0)
            .toArray();
    if (differences.length == 0) {
      return 1.0;
    }
    double[] ranks =
        new NaturalRanking(TiesStrategy.AVERAGE)
            .rank(Arrays.stream(differences).map(Math::abs).toArray());
    // Ties give half ranks: doubled, all are whole numbers.
    int[] weights = Arrays.stream(ranks).mapToInt(rank -> (int) Math.round(2 * rank)).toArray();
    int total = Arrays.stream(weights).sum();
    int positive =
        IntStream.range(0, weights.length)
            .filter(i -> differences[i] > 0)
            .map(i -> weights[i])
            .sum();
    double[] chances = chances(weights, total);
    double tail =
        IntStream.rangeClosed(Math.max(positive, total - positive), total)
            .mapToDouble(sum -> chances[sum])
            .sum();
    // Twice the tail can exceed 1, when the statistic lies in the middle.
    return Math.min(1, 2 * tail);
  }

  /** The probability of each sum of positive weights, when all signs are equally likely. */
  private static double[] chances(int[] weights, int total) {
    double[] chances = new double[total + 1];
    chances[0] = 1;
    for (int weight : weights) {
      for (int sum = total; sum >= 0; sum--) {
        chances[sum] = (chances[sum] + (sum < weight ? 0 : chances[sum - weight])) / 2;
      }
    }
    return chances;
  }

  /** Each p, corrected for all of them by Holm's step-down procedure; in the same order. */
  public static double[] holm(double... p) {
    List<Integer> order =
        IntStream.range(0, p.length).boxed().sorted(Comparator.comparingDouble(i -> p[i])).toList();
    double[] corrected = new double[p.length];
    double greatest = 0;
    for (int rank = 0; rank < p.length; rank++) {
      int i = order.get(rank);
      greatest = Math.max(greatest, Math.min(1, (p.length - rank) * p[i]));
      corrected[i] = greatest;
    }
    return corrected;
  }
}
