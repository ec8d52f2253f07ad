package io.buttress.evaluation;

import io.buttress.study.TaskKind;
import java.util.Arrays;

/**
 * A linear head on representations of a frozen encoder, each dimension centred and scaled by the
 * training set's mean and standard deviation.
 *
 * @param theta as {@link LinearFit#fit} returns it
 */
public record LinearProbe(double[] mean, double[] deviation, double[] theta, int outputs) {

  /**
   * Fits a head; one to representations that are not all finite predicts NaN.
   *
   * @param z {@code [n][width]}
   * @param targets class indices, or scores
   * @param outputs number of labels; 1 for regression
   * @param alive called now and then; may throw to end it
   */
  public static LinearProbe fit(
      float[][] z, float[] targets, TaskKind kind, int outputs, long seed, Runnable alive) {
    int width = z[0].length;
    double[] mean = new double[width];
    for (float[] row : z) {
      for (int j = 0; j < width; j++) {
        mean[j] += row[j] / z.length;
      }
    }
    double[] deviation = new double[width];
    for (float[] row : z) {
      for (int j = 0; j < width; j++) {
        deviation[j] += (row[j] - mean[j]) * (row[j] - mean[j]) / z.length;
      }
    }
    for (int j = 0; j < width; j++) {
      // A constant dimension is not scaled up: only the rounding of its mean would be left.
      boolean varies = Math.sqrt(deviation[j]) > 1e-6 * Math.abs(mean[j]);
      deviation[j] = varies ? Math.sqrt(deviation[j]) : Double.POSITIVE_INFINITY;
    }
    LinearProbe unfitted = new LinearProbe(mean, deviation, null, outputs);
    double[] theta;
    if (Arrays.stream(mean).allMatch(Double::isFinite)) {
      theta = LinearFit.fit(unfitted.scaled(z), targets, kind, outputs, seed, alive);
    } else {
      theta = new double[outputs * (width + 1)];
      Arrays.fill(theta, Double.NaN);
    }
    return new LinearProbe(mean, deviation, theta, outputs);
  }

  /** Logits, or predicted scores, {@code [n][outputs]}. */
  public float[][] scores(float[][] z) {
    int stride = mean.length + 1;
    double[][] x = scaled(z);
    float[][] scores = new float[x.length][outputs];
    for (int i = 0; i < x.length; i++) {
      for (int k = 0; k < outputs; k++) {
        double score = theta[k * stride + mean.length];
        for (int j = 0; j < mean.length; j++) {
          score += theta[k * stride + j] * x[i][j];
        }
        scores[i][k] = (float) score;
      }
    }
    return scores;
  }

  private double[][] scaled(float[][] z) {
    double[][] x = new double[z.length][mean.length];
    for (int i = 0; i < z.length; i++) {
      for (int j = 0; j < mean.length; j++) {
        x[i][j] = (z[i][j] - mean[j]) / deviation[j];
      }
    }
    return x;
  }
}
