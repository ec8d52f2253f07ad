package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import io.buttress.study.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * REPINA's phi: linear layers with an activation between them, H wide at both ends.
 *
 * @param weights {@code [outputs, inputs]} each
 * @param biases {@code [outputs]} each
 * @param activation {@code relu}, {@code gelu} or {@code tanh}
 */
record Projection(List<NDArray> weights, List<NDArray> biases, String activation) {

  /**
   * A new phi.
   *
   * @param index of its layer among those of the method, which decides what is drawn
   */
  static Projection of(MethodContext context, int index) {
    Method method = context.method();
    int hidden = context.config().hiddenSize();
    int depth = method.integer("depth", 2);
    int width = method.integer("width", hidden);
    boolean identity = method.text("phiInit").equals("identity");
    Random random = new Random(context.seed("phi", index));
    List<NDArray> weights = new ArrayList<>();
    List<NDArray> biases = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      int inputs = i == 0 ? hidden : width;
      int outputs = i == depth - 1 ? hidden : width;
      float[] weight = new float[outputs * inputs];
      float[] bias = new float[outputs];
      if (identity) {
        for (int j = 0; j < Math.max(outputs, inputs); j++) {
          int row = j % outputs;
          int column = j % inputs;
          if (j < 2 * hidden) {
            weight[row * inputs + column] = j < Math.min(outputs, inputs) ? 1 : -1;
          }
        }
      } else {
        draw(weight, inputs, random);
        draw(bias, inputs, random);
      }
      weights.add(context.model().manager().create(weight, new Shape(outputs, inputs)).duplicate());
      biases.add(context.model().manager().create(bias, new Shape(outputs)).duplicate());
    }
    return new Projection(weights, biases, method.text("activation"));
  }

  /** U(-1/sqrt(inputs), 1/sqrt(inputs)), the default of PyTorch's Linear. */
  private static void draw(float[] values, int inputs, Random random) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(inputs));
    }
  }

  /** Projects {@code [batch, H]}. */
  NDArray apply(NDArray x) {
    NDArray y = x;
    for (int i = 0; i < weights.size(); i++) {
      if (i > 0) {
        y =
            switch (activation) {
              case "gelu" -> Activation.gelu(y);
              case "tanh" -> Activation.tanh(y);
              default -> Activation.relu(y);
            };
      }
      y = Linear.linear(y, weights.get(i), biases.get(i)).singletonOrThrow();
    }
    return y;
  }

  /** Weights and biases by name, in order. */
  Map<String, NDArray> parameters(String prefix) {
    Map<String, NDArray> parameters = new LinkedHashMap<>();
    for (int i = 0; i < weights.size(); i++) {
      parameters.put(prefix + i + ".weight", weights.get(i));
      parameters.put(prefix + i + ".bias", biases.get(i));
    }
    return parameters;
  }
}
