package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.buttress.model.Part;

/**
 * {@code wc}: the encoder's parameters stay near their pre-trained values, L2-SP of Li, Grandvalet
 * and Davoine 2018 (without their factor 1/2).
 *
 * <p>R = sum over the encoder's parameters of (w - w_pre)^2.
 */
final class WeightConsolidation implements FineTuningMethod {
  private final double lambda;
  private final boolean decays;
  private final EncoderWeights encoder;

  WeightConsolidation(MethodContext context) {
    lambda = context.method().number("lambda");
    decays = context.method().text("decay").equals("keep");
    encoder = new EncoderWeights(context.model());
  }

  @Override
  public boolean usesAllTokens() {
    return lambda > 0;
  }

  @Override
  public double lambda() {
    return lambda;
  }

  @Override
  public NDArray penalty(Pass pass) {
    return encoder.squaredDistance((PtNDManager) pass.output().logits().getManager());
  }

  @Override
  public double weightDecay(Part part, int step, double configured) {
    return decays || !part.encoder() ? configured : 0;
  }
}
