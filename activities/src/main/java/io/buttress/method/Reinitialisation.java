package io.buttress.method;

import io.buttress.model.InitialWeights;
import io.buttress.model.Part;
import io.buttress.model.TextClassifier;
import java.util.Random;

/**
 * {@code reinit}: pooler and the top n layers start anew, as they would before pre-training (Zhang
 * et al. 2021, section 5): linear weights from N(0, initializer_range), biases 0, LayerNorm 1 and
 * 0.
 */
final class Reinitialisation implements FineTuningMethod {
  private final MethodContext context;

  Reinitialisation(MethodContext context) {
    this.context = context;
  }

  @Override
  public void prepare(Preparation preparation) {
    TextClassifier model = context.model();
    int kept = model.config().layers() - context.method().integer("n", 1);
    Random random = new Random(context.seed("reinit", 0));
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              Part part = Part.of(name);
              boolean layer = part.kind() == Part.Kind.LAYER && part.layer() > kept;
              if (layer || part.kind() == Part.Kind.POOLER) {
                model.assign(
                    name,
                    InitialWeights.draw(name, (int) parameter.size(), model.config(), random));
              }
            });
  }
}
