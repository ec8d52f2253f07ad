package io.buttress.dataset;

import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import java.util.Arrays;

/**
 * Few-shot subsets of a training set: for every size and label the label's share of the whole set,
 * up to less than one example, and each subset part of every larger one. They depend on the targets
 * and the seed alone.
 */
public final class FewShot {
  private FewShot() {}

  /**
   * Row numbers of a subset, ascending. Rows are taken one by one: always of the label that is
   * farthest behind its share (ties: the smaller label), in the order of a random permutation.
   *
   * @param targets n class indices, or scores, which are not stratified
   * @param size at most n
   */
  public static int[] rows(float[] targets, TaskKind kind, int size, long seed) {
    int n = targets.length;
    int labels = kind == TaskKind.CLASSIFICATION ? 1 + (int) max(targets) : 1;
    int[][] rows = new int[labels][n];
    int[] counts = new int[labels];
    for (int row : Seeds.permutation(n, Seeds.derive(seed, "few-shot", 0))) {
      int label = kind == TaskKind.CLASSIFICATION ? (int) targets[row] : 0;
      rows[label][counts[label]++] = row;
    }
    int[] taken = new int[labels];
    int[] subset = new int[size];
    for (int i = 0; i < size; i++) {
      int next = 0;
      for (int label = 1; label < labels; label++) {
        if (behind(label, i, counts, taken, n) > behind(next, i, counts, taken, n)) {
          next = label;
        }
      }
      subset[i] = rows[next][taken[next]++];
    }
    Arrays.sort(subset);
    return subset;
  }

  /** How far a label is behind its share once the subset has one more row, times n. */
  private static long behind(int label, int size, int[] counts, int[] taken, int n) {
    return (long) counts[label] * (size + 1) - (long) taken[label] * n;
  }

  private static float max(float[] values) {
    float most = values[0];
    for (float value : values) {
      most = Math.max(most, value);
    }
    return most;
  }
}
