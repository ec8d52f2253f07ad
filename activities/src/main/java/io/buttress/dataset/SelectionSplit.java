package io.buttress.dataset;

import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * A training set parted in two: rows that a trial learns from, and rows set apart to choose
 * settings by. It depends on the targets and the trial's seed alone, so that all methods and
 * settings have the same.
 *
 * @param remaining row numbers to train on, ascending
 * @param heldOut row numbers set apart, ascending; together with {@code remaining} all rows
 */
public record SelectionSplit(int[] remaining, int[] heldOut) {

  /**
   * Sets apart round(fraction x n) rows, at least one. For classification each label gives its
   * share of them, rounded by largest remainder (ties: the smaller label first). Rows are taken in
   * the order of a random permutation, each unless its label has given its share.
   *
   * @param targets n class indices, or scores
   * @param fraction in (0, 0.5]
   * @throws IllegalArgumentException when there are less than two rows
   */
  public static SelectionSplit of(float[] targets, TaskKind kind, double fraction, long seed) {
    int n = targets.length;
    if (n < 2) {
      throw new IllegalArgumentException(
          "a training set of " + n + " examples is too small to set a part of it apart");
    }
    int[] stratum = new int[n];
    if (kind == TaskKind.CLASSIFICATION) {
      Arrays.setAll(stratum, row -> (int) targets[row]);
    }
    int[] wanted = shares(stratum, (int) Math.max(1, Math.round(fraction * n)));
    boolean[] apart = new boolean[n];
    for (int row : Seeds.permutation(n, Seeds.derive(seed, "selection", 0))) {
      apart[row] = wanted[stratum[row]]-- > 0;
    }
    return new SelectionSplit(
        IntStream.range(0, n).filter(row -> !apart[row]).toArray(),
        IntStream.range(0, n).filter(row -> apart[row]).toArray());
  }

  /** Rows of each stratum by largest remainder: quotas are rounded down, the largest rests up. */
  private static int[] shares(int[] stratum, int size) {
    int n = stratum.length;
    long[] quotas = new long[Arrays.stream(stratum).max().orElseThrow() + 1];
    for (int s : stratum) {
      // Times n: whole numbers, which are exact.
      quotas[s] += size;
    }
    int[] shares = Arrays.stream(quotas).mapToInt(quota -> (int) (quota / n)).toArray();
    IntStream.range(0, quotas.length)
        .boxed()
        .sorted(Comparator.comparingLong(s -> -(quotas[s] % n)))
        .limit(size - Arrays.stream(shares).sum())
        .forEach(s -> shares[s]++);
    return shares;
  }
}
