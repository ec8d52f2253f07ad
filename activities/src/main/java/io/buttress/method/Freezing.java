package io.buttress.method;

import io.buttress.model.Part;

/**
 * {@code freeze}: embeddings and the bottom n layers keep their weights (Lee, Tang and Lin 2019).
 */
final class Freezing implements FineTuningMethod {
  private final int frozen;

  Freezing(MethodContext context) {
    frozen = context.method().integer("n", context.config().layers() / 2);
  }

  @Override
  public boolean trains(String parameter) {
    Part part = Part.of(parameter);
    // The embeddings count as layer 0.
    return !part.encoder() || part.layer() > frozen;
  }
}
