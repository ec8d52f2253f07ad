package io.buttress.report;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.study.Json;
import io.buttress.study.Regime;
import io.buttress.study.Training;
import io.buttress.study.Trial;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The training hyper-parameters in which a study's trials differ. In a report they join the
 * method's parameters, as {@code training.learningRate}: without them two trials of a grid would
 * look the same.
 */
final class TrainingGrid {
  private static final TypeReference<TreeMap<String, Object>> FIELDS = new TypeReference<>() {};

  private final Set<String> axes = new HashSet<>();

  TrainingGrid(List<Trial> trials) {
    // Regimes have defaults of their own, which are no axis of the grid.
    Map<Regime, Map<String, Object>> first = new HashMap<>();
    for (Trial trial : trials) {
      SortedMap<String, Object> fields = fields(trial.training());
      Map<String, Object> other = first.computeIfAbsent(trial.regime(), regime -> fields);
      fields.forEach(
          (name, value) -> {
            if (!Objects.equals(other.get(name), value)) {
              axes.add(name);
            }
          });
    }
  }

  /** A trial's method parameters and its place on the grid. */
  SortedMap<String, Object> parameters(Trial trial) {
    SortedMap<String, Object> parameters = new TreeMap<>(trial.method().parameters());
    fields(trial.training())
        .forEach(
            (name, value) -> {
              if (axes.contains(name)) {
                parameters.put("training." + name, value == null ? "default" : value);
              }
            });
    return parameters;
  }

  private static SortedMap<String, Object> fields(Training training) {
    return Json.MAPPER.convertValue(training, FIELDS);
  }
}
