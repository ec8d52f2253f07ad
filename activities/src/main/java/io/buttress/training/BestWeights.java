package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import io.buttress.storage.Safetensors.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** A copy of a model's weights in the form that is stored, on the model's device. */
final class BestWeights implements AutoCloseable {
  private final TextClassifier model;
  private final FineTuningMethod method;
  private NDManager kept;
  private Map<String, NDArray> weights = Map.of();

  BestWeights(TextClassifier model, FineTuningMethod method) {
    this.model = model;
    this.method = method;
  }

  /** Copies the weights that the method would store now; training can go on as if it had not. */
  void keep() {
    close();
    kept = model.manager().newSubManager();
    try (NDManager scope = model.manager().newSubManager()) {
      Map<String, NDArray> trained = copies(scope);
      method.finish();
      weights = copies(kept);
      assign(trained);
    }
  }

  /** The kept weights by name; none before the first. */
  Map<String, NDArray> weights() {
    return weights;
  }

  /** Keeps weights that another attempt had kept. */
  void adopt(Map<String, Tensor> tensors) {
    close();
    kept = model.manager().newSubManager();
    weights = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) ->
            weights.put(name, kept.create(tensor.floats(), new Shape(tensor.shape())).duplicate()));
  }

  /** Puts the kept weights into the model: the form that is stored. */
  void restore() {
    assign(weights);
  }

  private Map<String, NDArray> copies(NDManager manager) {
    Map<String, NDArray> copies = new LinkedHashMap<>();
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              NDArray copy = parameter.duplicate();
              copy.attach(manager);
              copies.put(name, copy);
            });
    return copies;
  }

  private void assign(Map<String, NDArray> values) {
    values.forEach((name, value) -> TorchOps.assign(model.parameters().get(name), value));
  }

  @Override
  public void close() {
    if (kept != null) {
      kept.close();
    }
  }
}
