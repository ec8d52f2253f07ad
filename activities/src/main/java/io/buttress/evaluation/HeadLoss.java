package io.buttress.evaluation;

import io.buttress.study.TaskKind;
import java.util.Arrays;
import smile.math.DifferentiableMultivariateFunction;

/**
 * Mean loss + l2/2 ||W||^2 of a linear head over some examples.
 *
 * @param x {@code [n][width]}
 * @param rows the examples that count
 */
record HeadLoss(double[][] x, float[] targets, int[] rows, TaskKind kind, int outputs, double l2)
    implements DifferentiableMultivariateFunction {

  /**
   * @param theta for each output its {@code width} weights, then its bias
   */
  @Override
  public double f(double[] theta) {
    return g(theta, new double[theta.length]);
  }

  @Override
  public double g(double[] theta, double[] gradient) {
    Arrays.fill(gradient, 0);
    int width = x[0].length;
    int stride = width + 1;
    double[] scores = new double[outputs];
    double loss = 0;
    for (int row : rows) {
      double[] input = x[row];
      for (int k = 0; k < outputs; k++) {
        double score = theta[k * stride + width];
        for (int j = 0; j < width; j++) {
          score += theta[k * stride + j] * input[j];
        }
        scores[k] = score;
      }
      // Overwrites the scores with the derivatives of the loss by them.
      loss += kind == TaskKind.REGRESSION ? squared(scores, targets[row]) : entropy(scores, row);
      for (int k = 0; k < outputs; k++) {
        double slope = scores[k] / rows.length;
        for (int j = 0; j < width; j++) {
          gradient[k * stride + j] += slope * input[j];
        }
        gradient[k * stride + width] += slope;
      }
    }
    double norm = 0;
    for (int k = 0; k < outputs; k++) {
      for (int j = k * stride; j < k * stride + width; j++) {
        norm += theta[j] * theta[j];
        gradient[j] += l2 * theta[j];
      }
    }
    return loss / rows.length + l2 / 2 * norm;
  }

  private static double squared(double[] scores, double target) {
    scores[0] -= target;
    return scores[0] * scores[0] / 2;
  }

  private double entropy(double[] scores, int row) {
    double greatest = Arrays.stream(scores).max().orElseThrow();
    double sum = 0;
    for (double score : scores) {
      sum += Math.exp(score - greatest);
    }
    double log = greatest + Math.log(sum);
    int target = (int) targets[row];
    double loss = log - scores[target];
    for (int k = 0; k < scores.length; k++) {
      scores[k] = Math.exp(scores[k] - log) - (k == target ? 1 : 0);
    }
    return loss;
  }
}
