package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.Forward;
import io.buttress.model.Forward.Product;
import io.buttress.model.Part;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * {@code lora}: the encoder is frozen; queries and values learn a correction of rank r, y = W x +
 * (alpha / r) B A x (Hu et al. 2022, equation 3). Pooler and head are trained. At the end the
 * corrections are added to the weights.
 */
final class Lora implements FineTuningMethod {
  private final TextClassifier model;
  private final NDArray scale;
  private final Map<String, Correction> corrections = new LinkedHashMap<>();
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();

  /** A is {@code [r, inputs]}, B is {@code [outputs, r]}. */
  private record Correction(NDArray a, NDArray b) {}

  Lora(MethodContext context) {
    model = context.model();
    int rank = context.method().integer("r", 8);
    scale = context.scalar(context.method().number("alpha") / rank);
    Random random = new Random(context.seed("lora", 0));
    model
        .parameters()
        .forEach(
            (name, weight) -> {
              if (name.matches(".*attention\\.self\\.(query|value)\\.weight")) {
                add(name.substring(0, name.length() - ".weight".length()), weight, rank, random);
              }
            });
  }

  /** A from U(-1/sqrt(inputs), 1/sqrt(inputs)), B = 0, as the authors' code. */
  private void add(String layer, NDArray weight, int rank, Random random) {
    int outputs = (int) weight.getShape().get(0);
    int inputs = (int) weight.getShape().get(1);
    float[] drawn = new float[rank * inputs];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(inputs));
    }
    NDArray a = model.manager().create(drawn, new Shape(rank, inputs)).duplicate();
    NDArray b = model.manager().zeros(new Shape(outputs, rank));
    corrections.put(layer, new Correction(a, b));
    parameters.put("lora." + layer + ".a", a);
    parameters.put("lora." + layer + ".b", b);
  }

  @Override
  public Map<String, NDArray> parameters() {
    return parameters;
  }

  @Override
  public boolean trains(String parameter) {
    return !Part.of(parameter).encoder();
  }

  @Override
  public Forward forward() {
    return Forward.of(true, this::corrected);
  }

  @Override
  public Forward evaluation() {
    return Forward.of(false, this::corrected);
  }

  @Override
  public void finish() {
    corrections.forEach(
        (layer, correction) -> {
          NDArray weight = model.parameters().get(layer + ".weight");
          try (NDArray product = correction.b().matMul(correction.a());
              NDArray scaled = product.mul(scale);
              NDArray merged = weight.add(scaled)) {
            TorchOps.assign(weight, merged);
          }
        });
  }

  private NDArray corrected(String name, NDArray x, NDArray weight, NDArray bias, Product product) {
    NDArray y = product.apply(x, weight, bias);
    Correction correction = corrections.get(name);
    if (correction == null) {
      return y;
    }
    NDArray down = product.apply(x, correction.a(), null);
    NDArray up = product.apply(down, correction.b(), null);
    return y.add(up.mul(scale));
  }
}
