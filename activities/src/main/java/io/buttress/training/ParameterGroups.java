package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Part;
import io.buttress.model.TextClassifier;
import io.buttress.regularizer.Regularizer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The trained parameters by the part of the model they are in and by whether weight decay acts on
 * them, as transformers' Trainer decides it: not on biases and LayerNorm.
 */
final class ParameterGroups {
  private final Map<Key, Map<String, NDArray>> groups = new LinkedHashMap<>();
  private final Regularizer regularizer;

  private record Key(Part part, boolean decays) {}

  ParameterGroups(TextClassifier model, Regularizer regularizer) {
    this.regularizer = regularizer;
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              if (regularizer.trains(name)) {
                add(name, parameter);
              }
            });
    regularizer.parameters().forEach(this::add);
  }

  private void add(String name, NDArray parameter) {
    groups
        .computeIfAbsent(new Key(Part.of(name), decays(name)), key -> new LinkedHashMap<>())
        .put(name, parameter);
  }

  static boolean decays(String name) {
    return !name.endsWith(".bias") && !name.contains("LayerNorm");
  }

  /** In the order of {@link #rates} and {@link #weightDecays}. */
  List<Map<String, NDArray>> parameters() {
    return List.copyOf(groups.values());
  }

  /** A learning rate for each group. */
  double[] rates(int step, double learningRate) {
    return groups.keySet().stream()
        .mapToDouble(key -> learningRate * regularizer.rate(key.part(), step))
        .toArray();
  }

  /** A decoupled weight decay for each group. */
  double[] weightDecays(int step, double configured) {
    return groups.keySet().stream()
        .mapToDouble(
            key -> key.decays() ? regularizer.weightDecay(key.part(), step, configured) : 0)
        .toArray();
  }
}
