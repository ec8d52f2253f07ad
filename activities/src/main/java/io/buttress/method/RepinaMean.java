package io.buttress.method;

import ai.djl.ndarray.NDArray;

/**
 * {@code repina-mean}, a control: only the mean of a batch may not drift, single representations
 * may.
 *
 * <p>R = mean over layers of ||mean f_pre(x) - mean f_fin(x)||^2, means over the batch.
 */
final class RepinaMean extends Repina {
  private static final int[] BATCH = {0};

  RepinaMean(MethodContext context) {
    super(context);
  }

  @Override
  NDArray term(int layer, NDArray finetuned, NDArray pretrained) {
    NDArray drift = finetuned.mean(BATCH).sub(pretrained.mean(BATCH));
    return drift.mul(drift).sum();
  }
}
