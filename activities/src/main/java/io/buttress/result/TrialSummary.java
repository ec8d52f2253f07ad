package io.buttress.result;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Puts a trial and its outcome together into an entry of the report. */
public final class TrialSummary {
  private static final String OUT_OF_DISTRIBUTION = "ood:";

  private TrialSummary() {}

  /**
   * @param history what was measured during training
   * @param runId null when the trial was not tracked
   * @param modelUri null when no model was kept
   */
  public static TrialResult of(
      Trial trial, Outcome outcome, List<MetricPoint> history, String runId, String modelUri) {
    FineTuned fineTuned = outcome.fineTuned();
    boolean trained = fineTuned != null;
    Map<String, Map<String, Double>> metrics = trained ? fineTuned.metrics() : Map.of();
    return builder(trial)
        .status(outcome.status())
        .failure(outcome.failure())
        .steps(trained ? fineTuned.steps() : null)
        .trainSeconds(trained ? finite(fineTuned.trainSeconds()) : null)
        .examplesPerSecond(trained ? finite(fineTuned.examplesPerSecond()) : null)
        .selection(finite(metrics.get(FineTuned.SELECTION)))
        .validation(finite(metrics.get(ResolvedTask.VALIDATION)))
        .test(finite(metrics.get(ResolvedTask.TEST)))
        .outOfDistribution(outOfDistribution(metrics))
        .flipped(finite(metrics.get(FineTuned.FLIPPED)))
        .collapse(collapse(outcome.collapse(), history))
        .mlflowRunId(runId)
        .modelUri(modelUri)
        .build();
  }

  /** Of a trial that the study never came to, or that left nothing behind. */
  public static TrialResult cancelled(Trial trial) {
    return builder(trial).status(TrialStatus.CANCELLED).build();
  }

  private static TrialResultBuilder builder(Trial trial) {
    return TrialResultBuilder.builder()
        .model(trial.dataset().model().uri())
        .task(trial.dataset().task().spec().id())
        .method(trial.method().id())
        .parameters(trial.method().parameters())
        .regime(trial.regime().id())
        .seed(trial.seed())
        .fingerprint(trial.fingerprint());
  }

  private static Map<String, Map<String, Double>> outOfDistribution(
      Map<String, Map<String, Double>> metrics) {
    Map<String, Map<String, Double>> sets = new TreeMap<>();
    metrics.forEach(
        (split, values) -> {
          if (split.startsWith(OUT_OF_DISTRIBUTION)) {
            sets.put(split.substring(OUT_OF_DISTRIBUTION.length()), finite(values));
          }
        });
    return sets.isEmpty() ? null : sets;
  }

  private static TrialResult.Collapse collapse(
      MeasureCollapse.Collapse measured, List<MetricPoint> history) {
    if (measured == null) {
      return null;
    }
    List<TrialResult.Moment> trajectory = CollapseTrajectory.moments(history);
    return new TrialResult.Collapse(
        finite(measured.pretrained()),
        finite(measured.finetuned()),
        finite(measured.random()),
        measured.layers(),
        trajectory.isEmpty() ? null : trajectory);
  }

  private static Map<String, Double> finite(Map<String, Double> metrics) {
    if (metrics == null) {
      return null;
    }
    Map<String, Double> finite = new TreeMap<>();
    metrics.forEach((name, value) -> finite.put(name, value == null ? null : finite(value)));
    return finite;
  }

  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
