package io.buttress.method;

import ai.djl.ndarray.NDArray;

/** How far two predictions for the same batch are apart. */
final class Divergence {
  private static final int[] CLASSES = {1};

  private Divergence() {}

  /**
   * KL(p || q) + KL(q || p) of the softmax distributions, summed over classes, mean over the batch;
   * gradients flow into both.
   *
   * @param p logits {@code [batch, labels]}, as are {@code q}
   */
  static NDArray symmetric(NDArray p, NDArray q) {
    NDArray logP = p.logSoftmax(-1);
    NDArray logQ = q.logSoftmax(-1);
    // p (log p - log q) + q (log q - log p)
    return logP.exp().sub(logQ.exp()).mul(logP.sub(logQ)).sum(CLASSES).mean();
  }
}
