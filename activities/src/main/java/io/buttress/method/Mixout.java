package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.Forward;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import java.util.HashMap;
import java.util.Map;

/**
 * {@code mixout}: in every step each input of each linear layer has, with probability p, the
 * weights it had before training (Lee, Cho and Kang 2020, equation 5). Like inverted dropout it is
 * scaled so that the mean stays: W + (m / (1 - p)) (w - W), m in {0, 1} for each input column.
 *
 * <p>All linear layers take part, pooler and head included; dropout is off, as in their code. The
 * gradient is the exact one; theirs lacks the factor 1 / (1 - p).
 */
final class Mixout implements FineTuningMethod {
  private final TextClassifier model;
  private final Noise noise;
  private final NDArray probability;
  private final NDArray scale;
  private final Map<String, NDArray> before = new HashMap<>();

  Mixout(MethodContext context) {
    model = context.model();
    noise = context.noise();
    probability = context.scalar(context.method().number("p"));
    scale = context.scalar(1 / (1 - context.method().number("p")));
  }

  @Override
  public void prepare(Preparation preparation) {
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              boolean matrix = parameter.getShape().dimension() == 2;
              if (matrix && !name.contains("_embeddings.")) {
                before.put(name.substring(0, name.lastIndexOf('.')), parameter.duplicate());
              }
            });
  }

  @Override
  public Forward forward() {
    return new Mixing();
  }

  private final class Mixing implements Forward {

    @Override
    public boolean training() {
      return true;
    }

    @Override
    public double dropout(double configured) {
      return 0;
    }

    @Override
    public NDArray linear(String name, NDArray x, NDArray weight, NDArray bias, Product product) {
      NDArray target = before.get(name);
      Shape inputs = new Shape(weight.getShape().get(1));
      NDArray kept = noise.uniform(inputs, x.getManager()).gte(probability);
      NDArray mask = kept.toType(DataType.FLOAT32, false).mul(scale);
      return product.apply(x, TorchOps.mixed(weight, target, mask), bias);
    }
  }
}
