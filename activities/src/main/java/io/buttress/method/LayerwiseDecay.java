package io.buttress.method;

import io.buttress.model.Part;

/**
 * {@code llrd}: lower layers learn more slowly (Howard and Ruder 2018; as Zhang et al. 2021 do it).
 * Layer l of L has the learning rate times decay^(L - l + 1), the embeddings times decay^(L + 1);
 * pooler and head have all of it.
 */
final class LayerwiseDecay implements FineTuningMethod {
  private final double decay;
  private final int layers;

  LayerwiseDecay(MethodContext context) {
    decay = context.method().number("decay");
    layers = context.config().layers();
  }

  @Override
  public double rate(Part part, int step) {
    // The embeddings count as layer 0.
    return part.encoder() ? Math.pow(decay, layers - part.layer() + 1) : 1;
  }
}
