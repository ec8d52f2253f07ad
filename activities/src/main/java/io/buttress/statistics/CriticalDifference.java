package io.buttress.statistics;

import io.buttress.result.Setting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.hipparchus.analysis.integration.gauss.GaussIntegrator;
import org.hipparchus.analysis.integration.gauss.GaussIntegratorFactory;
import org.hipparchus.analysis.solvers.BrentSolver;
import org.hipparchus.distribution.continuous.FDistribution;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Whether methods differ over tasks by their mean ranks: Friedman's test, and Nemenyi's of all
 * pairs (Demšar 2006).
 *
 * @param tasks how many
 * @param methods those with a result on every task, best first
 * @param chiSquare Friedman's statistic, corrected for ties
 * @param p of no difference, of Iman and Davenport's F
 * @param criticalDifference mean ranks that are further apart differ at the level 0.05
 * @param groups from the first to the last of methods that do not differ, by their place in {@code
 *     methods}; none within another
 */
public record CriticalDifference(
    int tasks,
    List<Place> methods,
    double chiSquare,
    double p,
    double criticalDifference,
    List<Group> groups) {
  static final int LEAST_TASKS = 2;
  static final int LEAST_METHODS = 3;
  private static final double LEVEL = 0.05;

  /** Over all but a negligible part of a standard normal; made once, because that takes long. */
  private static final GaussIntegrator BULK = new GaussIntegratorFactory().legendre(200, -9, 9);

  public record Place(String method, SortedMap<String, Object> parameters, double meanRank) {}

  public record Group(int first, int last) {}

  /**
   * @param means by setting, one for each task; null where it has no result
   * @return null with too few tasks, or methods with a result on all of them
   */
  public static CriticalDifference of(Map<Setting, List<Double>> means) {
    Map<Setting, List<Double>> complete = new LinkedHashMap<>();
    means.forEach(
        (setting, own) -> {
          if (own.stream().allMatch(Objects::nonNull)) {
            complete.put(setting, own);
          }
        });
    int k = complete.size();
    int n = means.values().stream().mapToInt(List::size).findFirst().orElse(0);
    if (k < LEAST_METHODS || n < LEAST_TASKS) {
      return null;
    }
    Map<Setting, Double> meanRanks = new LinkedHashMap<>();
    double ties = 0;
    for (int i = 0; i < n; i++) {
      int task = i;
      List<Double> values = complete.values().stream().map(own -> own.get(task)).toList();
      Map<Double, Double> ranks = Ranks.of(values);
      complete.forEach(
          (setting, own) -> meanRanks.merge(setting, ranks.get(own.get(task)) / n, Double::sum));
      ties += ties(values.stream().map(ranks::get));
    }
    double squares = meanRanks.values().stream().mapToDouble(rank -> rank * rank).sum();
    double chiSquare =
        12.0
            * n
            / (k * (k + 1))
            * (squares - k * (k + 1) * (k + 1) / 4.0)
            / (1 - ties / (n * k * (k * k - 1.0)));
    double difference = criticalValue(k) * Math.sqrt(k * (k + 1) / (6.0 * n));
    List<Place> places =
        meanRanks.entrySet().stream()
            .map(e -> new Place(e.getKey().method(), e.getKey().parameters(), e.getValue()))
            .sorted(Comparator.comparingDouble(Place::meanRank))
            .toList();
    boolean allTied = !Double.isFinite(chiSquare);
    return new CriticalDifference(
        n,
        places,
        allTied ? 0 : chiSquare,
        allTied ? 1 : p(chiSquare, n, k),
        difference,
        groups(places, difference));
  }

  /** The correction for ties: the sum of t^3 - t over the ranks that t methods share. */
  private static double ties(Stream<Double> ranks) {
    Map<Double, Integer> shared = new LinkedHashMap<>();
    ranks.forEach(rank -> shared.merge(rank, 1, Integer::sum));
    return shared.values().stream().mapToDouble(t -> (double) t * t * t - t).sum();
  }

  private static double p(double chiSquare, int n, int k) {
    double rest = n * (k - 1) - chiSquare;
    // All tasks rank the methods alike.
    return rest <= 1e-9
        ? 0
        : 1
            - new FDistribution(k - 1, (k - 1.0) * (n - 1))
                .cumulativeProbability((n - 1) * chiSquare / rest);
  }

  /**
   * Nemenyi's: the 0.95 quantile of the range of k standard normal numbers, divided by the square
   * root of 2. The range is at most q with probability k times the integral over the greatest, z,
   * of phi(z) (Phi(z) - Phi(z - q))^(k - 1).
   */
  static double criticalValue(int k) {
    NormalDistribution normal = new NormalDistribution();
    double quantile =
        new BrentSolver(1e-10)
            .solve(
                200,
                q ->
                    k
                            * BULK.integrate(
                                z ->
                                    normal.density(z)
                                        * Math.pow(
                                            normal.cumulativeProbability(z)
                                                - normal.cumulativeProbability(z - q),
                                            k - 1.0))
                        - (1 - LEVEL),
                0,
                20);
    return quantile / Math.sqrt(2);
  }

  private static List<Group> groups(List<Place> places, double difference) {
    List<Group> groups = new ArrayList<>();
    int reached = -1;
    for (int first = 0; first < places.size(); first++) {
      int last = first;
      while (last + 1 < places.size()
          && places.get(last + 1).meanRank() - places.get(first).meanRank() <= difference) {
        last++;
      }
      if (last > first && last > reached) {
        groups.add(new Group(first, last));
        reached = last;
      }
    }
    return groups;
  }
}
