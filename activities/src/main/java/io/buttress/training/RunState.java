package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import io.buttress.storage.Safetensors.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** The arrays that a training run changes, copied to the host and back. */
record RunState(TextClassifier model, FineTuningMethod method, AdamW optimizer, BestWeights best) {
  private static final String BEST = "best.";

  /** Copies of all of them by name. */
  Map<String, Tensor> copy() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    live().forEach((name, array) -> tensors.put(name, tensor(array)));
    best.weights().forEach((name, array) -> tensors.put(BEST + name, tensor(array)));
    return tensors;
  }

  /** Puts copies back. */
  void restore(Map<String, Tensor> tensors) {
    try (NDManager scope = model.manager().newSubManager()) {
      live()
          .forEach(
              (name, array) ->
                  TorchOps.assign(array, values(name, array.getShape(), tensors, scope)));
    }
    Map<String, Tensor> kept = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(BEST)) {
            kept.put(name.substring(BEST.length()), tensor);
          }
        });
    best.adopt(kept);
  }

  private Map<String, NDArray> live() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    optimizer.trained().forEach((name, array) -> arrays.put("parameter." + name, array));
    optimizer.state().forEach((name, array) -> arrays.put("optimizer." + name, array));
    method.state().forEach((name, array) -> arrays.put("method." + name, array));
    return arrays;
  }

  private static Tensor tensor(NDArray array) {
    ByteBuffer bytes = array.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return new Tensor("F32", array.getShape().getShape(), bytes);
  }

  private static NDArray values(
      String name, Shape shape, Map<String, Tensor> tensors, NDManager manager) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("the checkpoint lacks " + name);
    }
    return manager.create(tensor.floats(), shape);
  }
}
