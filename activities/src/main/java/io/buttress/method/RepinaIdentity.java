package io.buttress.method;

import ai.djl.ndarray.NDArray;

/**
 * {@code repina-i}: representations stay near the pre-trained ones, following Representation
 * Projection Invariance with the identity as the projection (Razdaibiedina et al. 2023).
 *
 * <p>R = mean over layers, mean over the batch, of ||f_pre(x) - f_fin(x)||^2.
 */
class RepinaIdentity extends Repina {

  RepinaIdentity(MethodContext context) {
    super(context);
  }

  @Override
  final NDArray term(int layer, NDArray finetuned, NDArray pretrained) {
    return meanSquaredNorm(finetuned.sub(pretrained));
  }
}
