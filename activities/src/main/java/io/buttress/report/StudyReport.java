package io.buttress.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.evaluation.Predictions;
import io.buttress.study.Json;
import io.buttress.study.TrialResult;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A study's results, as in {@code report.json}. */
public record StudyReport(String study, String studyKey, List<TrialResult> trials, Tables tables) {

  /**
   * @param comparisons the methods by (model, task, regime)
   * @param overall wins and mean ranks over tasks by (model, regime)
   * @param stability failed runs and cost over tasks by (model, regime)
   */
  public record Tables(
      List<Comparison> comparisons, List<Standings> overall, List<Stability> stability) {}

  /** Without predictions: there are no intervals. */
  static StudyReport of(
      String study, String studyKey, List<TrialResult> trials, List<ReportedTask> tasks) {
    return of(study, studyKey, trials, tasks, trial -> Optional.empty());
  }

  /**
   * Computes every table from the results of a study's trials.
   *
   * @param trials every trial of the study, in plan order; tables leave out those that are not
   *     selected
   * @param tasks every task that a trial names
   * @param predictions of a trial for the validation set; empty where they are missing
   */
  static StudyReport of(
      String study,
      String studyKey,
      List<TrialResult> trials,
      List<ReportedTask> tasks,
      Function<TrialResult, Optional<Predictions>> predictions) {
    List<Comparison> comparisons =
        TrialAggregation.comparisons(reported(trials), tasks, selects(trials), predictions);
    return new StudyReport(
        study,
        studyKey,
        trials,
        new Tables(
            comparisons,
            Standings.of(comparisons, tasks, selects(trials)),
            Stability.of(comparisons, selects(trials))));
  }

  /** Whether the study chose one setting of each method. */
  boolean selects() {
    return selects(trials);
  }

  /** The trials that tables are about: with selection, those with a chosen setting. */
  List<TrialResult> reported() {
    return reported(trials);
  }

  private static boolean selects(List<TrialResult> trials) {
    return trials.stream().anyMatch(trial -> trial.selected() != null);
  }

  private static List<TrialResult> reported(List<TrialResult> trials) {
    if (!selects(trials)) {
      return trials;
    }
    // In the order of the search, whatever the settings that were chosen.
    List<List<String>> order = trials.stream().map(StudyReport::row).distinct().toList();
    return trials.stream()
        .filter(trial -> Boolean.TRUE.equals(trial.selected()))
        .sorted(Comparator.comparingInt(trial -> order.indexOf(row(trial))))
        .toList();
  }

  /** What a row of a table stands for when one setting of each method was chosen. */
  private static List<String> row(TrialResult trial) {
    return List.of(trial.task(), trial.model(), trial.regime(), trial.method());
  }

  /** The text of {@code report.json}: every field of every trial; no number that is not finite. */
  public String json() {
    try {
      return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree(this)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a report is plain data", e);
    }
  }

  /** A value as JSON, with null for every number that is not finite. */
  static JsonNode tree(Object value) {
    return finite(Json.MAPPER.valueToTree(value));
  }

  private static JsonNode finite(JsonNode node) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        field.setValue(finite(field.getValue()));
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, finite(array.get(i)));
      }
    } else if (node.isNumber() && !Double.isFinite(node.doubleValue())) {
      return NullNode.getInstance();
    }
    return node;
  }
}
