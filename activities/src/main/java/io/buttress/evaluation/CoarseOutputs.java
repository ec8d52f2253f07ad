package io.buttress.evaluation;

import io.buttress.study.OutOfDistribution.CoarseLabel;
import java.util.Arrays;
import java.util.List;

/** A model's outputs for a task's labels, as outputs for the coarser labels of another set. */
public final class CoarseOutputs {
  private CoarseOutputs() {}

  /**
   * A coarse label's logit is the greatest of the labels that count as it. So the model predicts
   * the coarse label of the label that it predicts: probabilities are not summed.
   *
   * @param labels the task's, in class order
   * @param coarse each of the task's labels counts as one of them
   */
  public static float[][] of(float[][] logits, List<String> labels, List<CoarseLabel> coarse) {
    int[] group = new int[labels.size()];
    for (int i = 0; i < coarse.size(); i++) {
      for (String label : coarse.get(i).of()) {
        group[labels.indexOf(label)] = i;
      }
    }
    float[][] merged = new float[logits.length][coarse.size()];
    for (int row = 0; row < logits.length; row++) {
      Arrays.fill(merged[row], Float.NEGATIVE_INFINITY);
      for (int i = 0; i < group.length; i++) {
        merged[row][group[i]] = Math.max(merged[row][group[i]], logits[row][i]);
      }
    }
    return merged;
  }
}
