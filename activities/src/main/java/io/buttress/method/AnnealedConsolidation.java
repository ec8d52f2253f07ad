package io.buttress.method;

import io.buttress.model.Part;

/**
 * {@code wc} with {@code anneal: recadam}: the decoupled update of RecAdam (Chen et al. 2020).
 * Adam's step on the encoder is scaled by a(t) = 1 / (1 + exp(-k (t - t0))), t = 1 at the first
 * step; then every parameter of the encoder moves by rate x (1 - a(t)) x gamma x (w_pre - w).
 */
final class AnnealedConsolidation implements FineTuningMethod {
  private final double slope;
  private final double midpoint;
  private final double gamma;
  private final boolean decays;
  private final EncoderWeights encoder;

  AnnealedConsolidation(MethodContext context) {
    slope = context.method().number("annealSlope");
    midpoint = context.method().number("annealMidpoint");
    gamma = context.method().number("gamma");
    decays = context.method().text("decay").equals("keep");
    encoder = new EncoderWeights(context.model());
  }

  private double annealing(int step) {
    // Kept above 0, because weightDecay divides by it.
    return Math.max(1e-200, 1 / (1 + Math.exp(-slope * (step + 1 - midpoint))));
  }

  @Override
  public boolean usesAllTokens() {
    return true;
  }

  @Override
  public double rate(Part part, int step) {
    return part.encoder() ? annealing(step) : 1;
  }

  /** Only Adam's step is annealed: weight decay acts with the full learning rate. */
  @Override
  public double weightDecay(Part part, int step, double configured) {
    if (!part.encoder()) {
      return configured;
    }
    return decays ? configured / annealing(step) : 0;
  }

  @Override
  public void stepped(int step, double learningRate) {
    encoder.pull(learningRate * (1 - annealing(step)) * gamma);
  }
}
