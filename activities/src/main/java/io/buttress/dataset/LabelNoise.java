package io.buttress.dataset;

import io.buttress.study.Seeds;
import java.util.Arrays;
import java.util.Random;

/**
 * Training labels of which some are wrong. A larger fraction keeps the wrong labels of a smaller
 * one and adds others; they depend on the number of examples, the labels and the seed alone.
 *
 * @param targets class indices, n
 * @param flipped row numbers whose label is wrong, ascending
 */
public record LabelNoise(float[] targets, int[] flipped) {

  /**
   * Gives exactly round(fraction x n) examples a different label, drawn uniformly from the others.
   *
   * @param targets n class indices
   * @param labels how many classes there are, at least two
   */
  public static LabelNoise of(float[] targets, int labels, double fraction, long seed) {
    int n = targets.length;
    int[] order = Seeds.permutation(n, Seeds.derive(seed, "label-noise", 0));
    int[] flipped = Arrays.copyOf(order, (int) Math.round(fraction * n));
    Random random = new Random(Seeds.derive(seed, "label-noise", 1));
    float[] noisy = targets.clone();
    for (int row : flipped) {
      // A shift of 1 to labels - 1, modulo labels: every other label is equally likely.
      noisy[row] = ((int) targets[row] + 1 + random.nextInt(labels - 1)) % labels;
    }
    Arrays.sort(flipped);
    return new LabelNoise(noisy, flipped);
  }
}
