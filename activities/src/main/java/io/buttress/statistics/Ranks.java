package io.buttress.statistics;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Ranks of means. */
public final class Ranks {
  /** Means closer than this are equal: they may differ by the rounding of sums in another order. */
  public static final double TIE = 1e-12;

  private Ranks() {}

  /** Rank of each value, 1 for the greatest; equal ones share the mean of theirs. */
  public static Map<Double, Double> of(List<Double> values) {
    List<Double> sorted = values.stream().sorted(Comparator.reverseOrder()).toList();
    Map<Double, Double> ranks = new TreeMap<>();
    int first = 0;
    while (first < sorted.size()) {
      int last = first;
      while (last + 1 < sorted.size() && sorted.get(first) - sorted.get(last + 1) <= TIE) {
        last++;
      }
      for (int i = first; i <= last; i++) {
        ranks.put(sorted.get(i), (first + last) / 2.0 + 1);
      }
      first = last + 1;
    }
    return ranks;
  }
}
