package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.EncoderConfig;
import io.buttress.model.Pooling;
import io.buttress.study.Method;
import io.buttress.study.Problem;
import java.util.List;

/**
 * What the variants of Representation Projection Invariance share (Razdaibiedina et al. 2023): R is
 * a mean over layers of how far representations are from their pre-trained targets.
 */
abstract class Repina implements FineTuningMethod {
  private final MethodContext context;
  private final double lambda;
  private final List<Integer> layers;
  private final Pooling pooling;
  private final NDArray layerWeight;

  Repina(MethodContext context) {
    this.context = context;
    lambda = context.method().number("lambda");
    layers = context.method().integers("layers");
    pooling = Pooling.of(context.method().text("pooling"));
    layerWeight = context.scalar(1.0 / layers.size());
  }

  /** The hidden states that it compares must exist. */
  static List<Problem> problems(Method method, String model, EncoderConfig config) {
    return method.integers("layers").stream()
        .flatMap(layer -> config.missingLayer(layer).stream())
        .map(missing -> EncoderCheck.problem(method, "layers", model + ": " + missing))
        .toList();
  }

  @Override
  public final double lambda() {
    return lambda;
  }

  final List<Integer> layers() {
    return layers;
  }

  /** The examples whose pre-trained representations are the targets. */
  int[] targets(int[] rows) {
    return rows;
  }

  /**
   * One layer's term of R, a scalar.
   *
   * @param layer as the study names it
   * @param finetuned {@code [batch, H]}, as is {@code pretrained}
   */
  abstract NDArray term(int layer, NDArray finetuned, NDArray pretrained);

  @Override
  public final Loss loss(Pass pass) {
    if (lambda == 0) {
      return FineTuningMethod.super.loss(pass);
    }
    NDArray penalty = null;
    NDArray scale = null;
    for (int layer : layers) {
      NDArray hidden = pass.output().hiddenStates().get(context.config().resolveLayer(layer));
      NDArray finetuned = pooling.apply(hidden, pass.batch());
      NDArray pretrained =
          context.snapshot().rows(layer, targets(pass.batch().rows()), finetuned.getManager());
      NDArray term = term(layer, finetuned, pretrained);
      NDArray norm = meanSquaredNorm(pretrained);
      penalty = penalty == null ? term : penalty.add(term);
      scale = scale == null ? norm : scale.add(norm);
    }
    return new Loss(pass.taskLoss(), penalty.mul(layerWeight), penalty.stopGradient().div(scale));
  }

  /** Mean over the batch of ||x||^2, summed over dimensions. */
  static NDArray meanSquaredNorm(NDArray x) {
    return x.mul(x).sum(new int[] {1}).mean();
  }
}
