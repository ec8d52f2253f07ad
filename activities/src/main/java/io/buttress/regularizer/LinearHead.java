package io.buttress.regularizer;

import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.stream.IntStream;
import smile.math.BFGS;

/**
 * A linear head on fixed features, the minimum of mean loss + l2/2 ||W||^2 by L-BFGS (Liu and
 * Nocedal 1989). The loss is cross-entropy, or half the squared error for regression; the bias is
 * not penalised.
 *
 * @param weight {@code [outputs x width]}, row by row
 * @param bias {@code [outputs]}
 */
record LinearHead(float[] weight, float[] bias) {
  /** From strong to weak, each from the solution of the one before, as Kumar et al. 2022. */
  private static final double[] L2 = {100, 10, 1, 0.1, 0.01, 1e-3, 1e-4, 1e-5};

  private static final double HELD_OUT = 0.2;
  private static final int MEMORY = 10;
  private static final double TOLERANCE = 1e-7;
  private static final int ITERATIONS = 200;

  /**
   * Chooses l2 by the mean loss on a fifth of the examples, then fits to all. Features are centred
   * and scaled by one mean and one standard deviation of all of them, which the head takes back.
   *
   * @param features {@code [n][width]}
   * @param targets class indices, or scores
   * @param seed of what is held out: the first fifth of a random permutation
   */
  static LinearHead fit(
      float[][] features, float[] targets, TaskKind kind, int outputs, long seed) {
    double[] scaling = scaling(features);
    double[][] x = scaled(features, scaling);
    int[] order = Seeds.permutation(x.length, seed);
    int cut = (int) Math.round(HELD_OUT * x.length);
    int[] held = Arrays.copyOfRange(order, 0, cut);
    int[] rest = Arrays.copyOfRange(order, cut, order.length);
    int best = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double[] theta = new double[outputs * (x[0].length + 1)];
    for (int i = 0; i < L2.length && held.length > 0; i++) {
      minimise(new HeadLoss(x, targets, rest, kind, outputs, L2[i]), theta);
      double loss = new HeadLoss(x, targets, held, kind, outputs, 0).f(theta);
      if (loss < lowest) {
        lowest = loss;
        best = i;
      }
    }
    Arrays.fill(theta, 0);
    int[] all = IntStream.range(0, x.length).toArray();
    for (int i = 0; i <= best; i++) {
      minimise(new HeadLoss(x, targets, all, kind, outputs, L2[i]), theta);
    }
    return unscaled(theta, outputs, scaling);
  }

  /** Moves theta to the minimum near it. */
  static void minimise(HeadLoss loss, double[] theta) {
    BFGS.minimize(loss, MEMORY, theta, TOLERANCE, ITERATIONS);
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
