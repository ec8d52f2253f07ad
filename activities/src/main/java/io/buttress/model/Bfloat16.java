package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.Forward.Product;

/** What bfloat16 costs on this machine's processor. */
public final class Bfloat16 {
  private static final Shape INPUT = new Shape(256, 384);
  private static final Shape WEIGHT = new Shape(1536, 384);
  private static final int ROUNDS = 5;

  private Bfloat16() {}

  /**
   * A linear layer's time in bfloat16 over its time in float32. Measured, because no flag of a
   * processor tells: with AVX512-BF16 some are faster than in float32 and some slower.
   */
  public static double relativeTime() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray x = manager.ones(INPUT);
      NDArray weight = manager.ones(WEIGHT);
      NDArray bias = manager.ones(new Shape(WEIGHT.get(0)));
      return fastest(TorchOps::linearBfloat16, x, weight, bias)
          / (double) fastest(Product.FP32, x, weight, bias);
    }
  }

  private static long fastest(Product product, NDArray x, NDArray weight, NDArray bias) {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      product.apply(x, weight, bias).close();
      fastest = Math.min(fastest, System.nanoTime() - start);
    }
    return fastest;
  }
}
