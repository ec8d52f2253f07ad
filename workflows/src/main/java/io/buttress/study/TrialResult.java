package io.buttress.study;

import java.util.Map;
import java.util.SortedMap;

/**
 * One entry of {@code report.json}'s {@code trials}. Metric values are null where undefined; whole
 * maps are null where there is no such set.
 *
 * @param failure one line, or null
 */
public record TrialResult(
    String model,
    String task,
    String method,
    SortedMap<String, Object> parameters,
    String regime,
    long seed,
    TrialStatus status,
    String failure,
    Integer steps,
    Double trainSeconds,
    Double examplesPerSecond,
    Map<String, Double> selection,
    Map<String, Double> validation,
    Map<String, Double> test,
    Map<String, Map<String, Double>> outOfDistribution,
    Collapse collapse,
    String mlflowRunId,
    String modelUri,
    String fingerprint) {

  /** Collapse metrics by key, before and after fine-tuning. */
  public record Collapse(Map<String, Double> pretrained, Map<String, Double> finetuned) {}
}
