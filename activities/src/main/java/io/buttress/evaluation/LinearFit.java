package io.buttress.evaluation;

import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.stream.IntStream;
import smile.math.BFGS;

/**
 * A linear head on fixed features, the minimum of mean loss + l2/2 ||W||^2 by L-BFGS (Liu and
 * Nocedal 1989). The loss is cross-entropy, or half the squared error for regression; the bias is
 * not penalised.
 */
public final class LinearFit {
  /** L2 strengths, strongest first; each fit starts from the one before (Kumar et al. 2022). */
  private static final double[] L2 = {100, 10, 1, 0.1, 0.01, 1e-3, 1e-4, 1e-5};

  private static final double HELD_OUT = 0.2;
  private static final int MEMORY = 10;
  private static final double TOLERANCE = 1e-7;
  private static final int ITERATIONS = 200;

  private LinearFit() {}

  /**
   * Chooses l2 by the mean loss on a fifth of the examples, then fits to all.
   *
   * @param x {@code [n][width]}
   * @param targets class indices, or scores
   * @param seed of what is held out: the first fifth of a random permutation
   * @param alive called between two fits; may throw to end it
   * @return for each output its {@code width} weights, then its bias
   */
  public static double[] fit(
      double[][] x, float[] targets, TaskKind kind, int outputs, long seed, Runnable alive) {
    int[] order = Seeds.permutation(x.length, seed);
    int cut = (int) Math.round(HELD_OUT * x.length);
    int[] held = Arrays.copyOfRange(order, 0, cut);
    int[] rest = Arrays.copyOfRange(order, cut, order.length);
    int best = 0;
    double lowest = Double.POSITIVE_INFINITY;
    double[] theta = new double[outputs * (x[0].length + 1)];
    for (int i = 0; i < L2.length && held.length > 0; i++) {
      alive.run();
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
      alive.run();
      minimise(new HeadLoss(x, targets, all, kind, outputs, L2[i]), theta);
    }
    return theta;
  }

  /** Moves theta to the minimum near it. */
  static void minimise(HeadLoss loss, double[] theta) {
    BFGS.minimize(loss, MEMORY, theta, TOLERANCE, ITERATIONS);
  }
}
