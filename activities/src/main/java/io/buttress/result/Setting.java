package io.buttress.result;

import io.buttress.study.TrialResult;
import java.util.Collection;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A method with all its parameters: what a row of a table stands for. */
public record Setting(String method, SortedMap<String, Object> parameters) {
  public static final String REFERENCE = "stl";
  private static final String TRAINING = "training.";

  public static Setting of(TrialResult trial) {
    return new Setting(trial.method(), trial.parameters());
  }

  /** {@code lambda=0.1, pooling=cls}; empty for a method without parameters. */
  public String described() {
    return parameters.entrySet().stream()
        .map(parameter -> parameter.getKey() + "=" + parameter.getValue())
        .collect(Collectors.joining(", "));
  }

  /** This setting, with those parameters alone in which others of its method differ from it. */
  public Setting amid(Collection<Setting> others) {
    SortedMap<String, Object> varying = new TreeMap<>(parameters);
    varying
        .entrySet()
        .removeIf(
            parameter ->
                others.stream()
                    .filter(other -> other.method.equals(method))
                    .allMatch(
                        other ->
                            Objects.equals(
                                parameter.getValue(), other.parameters.get(parameter.getKey()))));
    return new Setting(method, varying);
  }

  /** Standard fine-tuning with the same training: what this setting is compared with. */
  public Setting reference() {
    SortedMap<String, Object> training = new TreeMap<>(parameters);
    training.keySet().removeIf(name -> !name.startsWith(TRAINING));
    return new Setting(REFERENCE, training);
  }

  /** The method, with its parameters in parentheses. */
  public String name() {
    return parameters.isEmpty() ? method : method + " (" + described() + ")";
  }
}
