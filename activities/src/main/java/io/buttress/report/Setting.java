package io.buttress.report;

import io.buttress.study.TrialResult;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** A method with all its parameters: what a row of a table stands for. */
record Setting(String method, SortedMap<String, Object> parameters) {

  static Setting of(TrialResult trial) {
    return new Setting(trial.method(), trial.parameters());
  }

  /** {@code lambda=0.1, pooling=cls}; empty for a method without parameters. */
  String described() {
    return parameters.entrySet().stream()
        .map(parameter -> parameter.getKey() + "=" + parameter.getValue())
        .collect(Collectors.joining(", "));
  }

  /** The method, with its parameters in parentheses. */
  String name() {
    return parameters.isEmpty() ? method : method + " (" + described() + ")";
  }
}
