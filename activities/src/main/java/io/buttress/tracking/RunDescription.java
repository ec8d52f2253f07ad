package io.buttress.tracking;

import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.Regime;
import io.buttress.study.Training;
import io.buttress.study.Trial;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * What a run says about itself when it is opened.
 *
 * @param name for people
 * @param identity tags that no other run of the experiment has
 * @param tags all tags, those of the identity included
 */
record RunDescription(
    String name,
    SortedMap<String, String> identity,
    SortedMap<String, String> tags,
    SortedMap<String, String> parameters) {

  /** The run of a study. Temporal's ids are for links only. */
  static RunDescription of(StudyRun study, String workflowId) {
    TreeMap<String, String> identity = new TreeMap<>();
    identity.put("buttress.studyKey", study.studyKey());
    identity.put("buttress.kind", "study");
    TreeMap<String, String> tags = tags(identity, study, workflowId);
    return new RunDescription(study.name(), identity, tags, new TreeMap<>());
  }

  /** The run of a trial, nested in its study's. */
  static RunDescription of(StudyRun study, Trial trial, String workflowId) {
    TreeMap<String, String> identity = new TreeMap<>();
    identity.put("buttress.studyKey", study.studyKey());
    identity.put("buttress.fingerprint", trial.fingerprint());
    TreeMap<String, String> tags = tags(identity, study, workflowId);
    tags.put("buttress.kind", "trial");
    String commit = trial.dataset().model().commit();
    if (commit != null) {
      tags.put("buttress.modelCommit", commit);
    }
    if (study.runId() != null) {
      tags.put("mlflow.parentRunId", study.runId());
    }
    return new RunDescription(name(trial), identity, tags, parameters(trial));
  }

  /** Tags that the runs of all of a study's trials have. */
  static SortedMap<String, String> trialsOf(StudyRun study) {
    return new TreeMap<>(Map.of("buttress.studyKey", study.studyKey(), "buttress.kind", "trial"));
  }

  private static TreeMap<String, String> tags(
      Map<String, String> identity, StudyRun study, String workflowId) {
    TreeMap<String, String> tags = new TreeMap<>(identity);
    tags.put("buttress.study", study.name());
    tags.put("temporal.workflowId", workflowId);
    tags.put("mlflow.source.name", "buttress");
    tags.put("mlflow.user", System.getProperty("user.name"));
    return tags;
  }

  private static String name(Trial trial) {
    StringJoiner method = new StringJoiner(" ");
    method.add(trial.method().id());
    trial
        .method()
        .parameters()
        .forEach(
            (name, value) -> {
              if (value instanceof Number number) {
                method.add(name + "=" + plain(number));
              }
            });
    StringJoiner name = new StringJoiner(" · ");
    name.add(method.toString()).add(trial.dataset().task().spec().id());
    if (!trial.regime().equals(Regime.FULL)) {
      name.add(trial.regime().id());
    }
    return name.add("seed " + trial.seed()).toString();
  }

  private static String plain(Number number) {
    return new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
  }

  private static SortedMap<String, String> parameters(Trial trial) {
    TreeMap<String, String> parameters = new TreeMap<>();
    parameters.put("model", trial.dataset().model().uri());
    parameters.put("task", trial.dataset().task().spec().id());
    parameters.put("method", trial.method().id());
    parameters.put("regime", trial.regime().id());
    parameters.put("seed", Long.toString(trial.seed()));
    if (trial.selection() != null) {
      parameters.put("selection", plain(trial.selection()));
    }
    addAll(parameters, "method.", trial.method());
    addAll(parameters, "training.", trial.training());
    return parameters;
  }

  private static void addAll(Map<String, String> parameters, String prefix, Method method) {
    method
        .parameters()
        .forEach(
            (name, value) ->
                parameters.put(
                    prefix + name, value instanceof List ? Json.canonical(value) : value + ""));
  }

  private static void addAll(Map<String, String> parameters, String prefix, Training training) {
    Json.MAPPER
        .valueToTree(training)
        .properties()
        .forEach(
            field -> {
              if (!field.getValue().isNull()) {
                parameters.put(prefix + field.getKey(), field.getValue().asText());
              }
            });
  }
}
