package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import io.buttress.model.Part;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import java.util.ArrayList;
import java.util.List;

/** All parameters of the encoder (no pooler, no head) and their pre-trained values. */
final class EncoderWeights {
  private final List<NDArray> weights = new ArrayList<>();
  private final List<NDArray> anchors = new ArrayList<>();

  /** Copies the values that the model has now; they live as long as the model. */
  EncoderWeights(TextClassifier model) {
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              if (Part.of(name).encoder()) {
                weights.add(parameter);
                anchors.add(parameter.duplicate());
              }
            });
  }

  /** Sum of squared differences from the pre-trained values, a scalar on the autograd tape. */
  NDArray squaredDistance(PtNDManager manager) {
    try (IValue now = TorchOps.tensors(weights);
        IValue before = TorchOps.tensors(anchors);
        IValue distance = TorchOps.call("squared_distance", now, before)) {
      return distance.toTensor(manager);
    }
  }

  /** Moves every parameter a fraction of its way back to its pre-trained value. */
  void pull(double fraction) {
    try (IValue now = TorchOps.tensors(weights);
        IValue before = TorchOps.tensors(anchors);
        IValue amount = IValue.from(fraction)) {
      TorchOps.call("pull", now, before, amount).close();
    }
  }
}
