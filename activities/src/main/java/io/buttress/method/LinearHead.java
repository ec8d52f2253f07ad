package io.buttress.method;

import io.buttress.evaluation.LinearFit;
import io.buttress.study.TaskKind;

/**
 * A linear head on fixed features, as {@link LinearFit} finds it.
 *
 * @param weight {@code [outputs x width]}, row by row
 * @param bias {@code [outputs]}
 */
record LinearHead(float[] weight, float[] bias) {
  /**
   * Fits a head. Features are standardised by one mean and one standard deviation of all of them;
   * the head that is returned takes features as they are.
   *
   * @param features {@code [n][width]}
   * @param targets class indices, or scores
   * @param seed of what is held out: the first fifth of a random permutation
   */
  static LinearHead fit(
      float[][] features, float[] targets, TaskKind kind, int outputs, long seed) {
    double[] scaling = scaling(features);
    double[][] x = scaled(features, scaling);
    double[] theta = LinearFit.fit(x, targets, kind, outputs, seed, () -> {});
    return unscaled(theta, outputs, scaling);
  }

  /** Mean and standard deviation of all entries together. */
  private static double[] scaling(float[][] features) {
    double n = (double) features.length * features[0].length;
    double mean = 0;
    for (float[] row : features) {
      for (float value : row) {
        mean += value / n;
      }
    }
    double squares = 0;
    for (float[] row : features) {
      for (float value : row) {
        squares += (value - mean) * (value - mean) / n;
      }
    }
    return new double[] {mean, squares > 0 ? Math.sqrt(squares) : 1};
  }

  private static double[][] scaled(float[][] features, double[] scaling) {
    double[][] x = new double[features.length][features[0].length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[i].length; j++) {
        x[i][j] = (features[i][j] - scaling[0]) / scaling[1];
      }
    }
    return x;
  }

  private static LinearHead unscaled(double[] theta, int outputs, double[] scaling) {
    int width = theta.length / outputs - 1;
    float[] weight = new float[outputs * width];
    float[] bias = new float[outputs];
    for (int k = 0; k < outputs; k++) {
      double shift = 0;
      for (int j = 0; j < width; j++) {
        double w = theta[k * (width + 1) + j] / scaling[1];
        weight[k * width + j] = (float) w;
        shift += w * scaling[0];
      }
      bias[k] = (float) (theta[k * (width + 1) + width] - shift);
    }
    return new LinearHead(weight, bias);
  }
}
