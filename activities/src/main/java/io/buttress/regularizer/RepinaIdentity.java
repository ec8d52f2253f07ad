package io.buttress.regularizer;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Batch;
import io.buttress.model.BertClassifier.Output;
import io.buttress.model.Pooling;
import java.util.List;

/**
 * {@code repina-i}: representations stay near the pre-trained ones, following Representation
 * Projection Invariance with the identity as the projection (Razdaibiedina et al. 2023).
 *
 * <p>R = mean over layers, mean over the batch, of ||f_pre(x) - f_fin(x)||^2, summed over
 * dimensions.
 */
final class RepinaIdentity implements Regularizer {
  private final double lambda;
  private final List<Integer> layers;
  private final Pooling pooling;
  private final Context context;
  private final NDArray layerWeight;

  RepinaIdentity(Context context) {
    this.context = context;
    lambda = context.method().number("lambda");
    layers = context.method().integers("layers");
    pooling = Pooling.of(context.method().text("pooling"));
    layerWeight = context.scalar(1.0 / layers.size());
  }

  @Override
  public double lambda() {
    return lambda;
  }

  @Override
  public NDArray penalty(Batch batch, Output output) {
    NDArray sum = null;
    for (int layer : layers) {
      NDArray hidden = output.hiddenStates().get(context.model().resolveLayer(layer));
      NDArray finetuned = pooling.apply(hidden, batch);
      NDArray pretrained = context.snapshot().rows(layer, batch.rows(), finetuned.getManager());
      NDArray difference = finetuned.sub(pretrained);
      NDArray distance = difference.mul(difference).sum(new int[] {1}).mean();
      sum = sum == null ? distance : sum.add(distance);
    }
    return sum.mul(layerWeight);
  }
}
