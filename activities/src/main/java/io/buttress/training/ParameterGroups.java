package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.Part;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.model.TrainedTokens;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The trained parameters by the part of the model they are in and by whether weight decay acts on
 * them, as transformers' Trainer decides it: not on biases and LayerNorm. Of the word embeddings,
 * only those of tokens in the training set, see {@link TrainedTokens}.
 */
final class ParameterGroups implements AutoCloseable {
  private final Map<Key, Map<String, NDArray>> groups = new LinkedHashMap<>();
  private final FineTuningMethod method;
  private final TrainedTokens tokens;

  private record Key(Part part, boolean decays) {}

  ParameterGroups(TextClassifier model, FineTuningMethod method, Split train) {
    this.method = method;
    boolean all = method.usesAllTokens() || !method.trains(TrainedTokens.TABLE);
    tokens = all ? null : new TrainedTokens(model, train.inputIds());
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              if (method.trains(name)) {
                boolean rows = tokens != null && name.equals(TrainedTokens.TABLE);
                add(name, rows ? tokens.rows() : parameter);
              }
            });
    method.parameters().forEach(this::add);
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

  /** Names of those whose gradients are sparse. */
  Set<String> sparse() {
    return tokens == null ? Set.of() : Set.of(TrainedTokens.TABLE);
  }

  /** A learning rate for each group. */
  double[] rates(int step, double learningRate) {
    return groups.keySet().stream()
        .mapToDouble(key -> learningRate * method.rate(key.part(), step))
        .toArray();
  }

  /** A decoupled weight decay for each group. */
  double[] weightDecays(int step, double configured) {
    return groups.keySet().stream()
        .mapToDouble(key -> key.decays() ? method.weightDecay(key.part(), step, configured) : 0)
        .toArray();
  }

  /** Decays the word embeddings that have no gradient, as a step with these numbers does. */
  void stepped(int step, double learningRate, double configured) {
    if (tokens != null) {
      Part part = Part.of(TrainedTokens.TABLE);
      double rate = learningRate * method.rate(part, step);
      tokens.shrink(1 - rate * method.weightDecay(part, step, configured));
    }
  }

  /** Writes trained word embeddings back to the model: they are trained in a table of their own. */
  void settle() {
    if (tokens != null) {
      tokens.settle();
    }
  }

  /** Ends training; what was not settled is lost. */
  @Override
  public void close() {
    if (tokens != null) {
      tokens.close();
    }
  }
}
