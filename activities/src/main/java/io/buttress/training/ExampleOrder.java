package io.buttress.training;

import io.buttress.study.Seeds;
import java.util.Arrays;

/**
 * Which examples every optimizer step sees: each epoch is a permutation of the training set, cut
 * into batches; its last, short batch is kept.
 */
public final class ExampleOrder {
  private final int examples;
  private final int batchSize;
  private final long seed;
  private int cachedEpoch = -1;
  private int[] cached;

  public ExampleOrder(int examples, int batchSize, long seed) {
    if (examples < 1) {
      throw new IllegalArgumentException("a training set needs at least one example");
    }
    this.examples = examples;
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /** Steps from one epoch's first batch to the next epoch's. */
  int stepsPerEpoch() {
    return (examples + batchSize - 1) / batchSize;
  }

  /** Rows of the training set for a step, counted from 0 over all epochs. */
  public int[] rows(int step) {
    int perEpoch = stepsPerEpoch();
    int epoch = step / perEpoch;
    if (epoch != cachedEpoch) {
      cached = Seeds.permutation(examples, Seeds.derive(seed, "order", epoch));
      cachedEpoch = epoch;
    }
    int from = step % perEpoch * batchSize;
    return Arrays.copyOfRange(cached, from, Math.min(examples, from + batchSize));
  }
}
