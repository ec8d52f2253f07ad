package io.buttress.method;

import java.util.Arrays;
import java.util.Random;

/**
 * {@code repina-shuffled}, a control: each example's target is the pre-trained representation of
 * another one, always the same. What remains of an effect is not due to the representations.
 *
 * <p>R = mean over layers, mean over the batch, of ||f_pre(x') - f_fin(x)||^2, x' the next example
 * on one random cycle through the training set.
 */
final class RepinaShuffled extends RepinaIdentity {
  private final long seed;
  private int[] target;

  RepinaShuffled(MethodContext context) {
    super(context);
    seed = context.seed("shuffle", 0);
  }

  @Override
  public void prepare(Preparation preparation) {
    target = cycle(preparation.train().size(), seed);
  }

  @Override
  int[] targets(int[] rows) {
    return Arrays.stream(rows).map(row -> target[row]).toArray();
  }

  /**
   * A uniformly drawn permutation that is one cycle, so that nothing stays in place (Sattolo 1986):
   * for i = n-1 down to 1, swap positions i and {@code random.nextInt(i)}.
   */
  static int[] cycle(int n, long seed) {
    int[] cycle = new int[n];
    Arrays.setAll(cycle, i -> i);
    Random random = new Random(seed);
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i);
      int swapped = cycle[i];
      cycle[i] = cycle[j];
      cycle[j] = swapped;
    }
    return cycle;
  }
}
