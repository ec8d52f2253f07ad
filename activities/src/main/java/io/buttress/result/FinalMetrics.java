package io.buttress.result;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse.Collapse;
import io.buttress.study.TrialResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A trial's metrics after training, as points of one step and one time. */
public final class FinalMetrics {
  private FinalMetrics() {}

  /**
   * Points named {@code validation.accuracy}, {@code ood.NAME.accuracy}, {@code
   * collapse.finetuned.effective_rank}, ...; none for undefined values. Those of hidden states,
   * {@code layers.finetuned.effective_rank}, ..., have the layer for a step.
   *
   * @param collapse null when not measured
   * @param timestamp milliseconds since the epoch, equal in repeated calls
   */
  public static List<MetricPoint> of(FineTuned fineTuned, Collapse collapse, long timestamp) {
    List<MetricPoint> points = new ArrayList<>();
    int step = fineTuned.steps();
    points.add(new MetricPoint("training.seconds", step, timestamp, fineTuned.trainSeconds()));
    points.add(
        new MetricPoint(
            "training.examples_per_second", step, timestamp, fineTuned.examplesPerSecond()));
    fineTuned.metrics().forEach((split, metrics) -> add(points, split, metrics, step, timestamp));
    if (collapse != null) {
      add(points, "collapse.pretrained", collapse.pretrained(), step, timestamp);
      add(points, "collapse.finetuned", collapse.finetuned(), step, timestamp);
      if (collapse.random() != null) {
        add(points, "collapse.random", collapse.random(), step, timestamp);
      }
      // Null in what an older worker measured.
      for (TrialResult.Layer layer :
          collapse.layers() == null ? List.<TrialResult.Layer>of() : collapse.layers()) {
        add(points, "layers.pretrained", layer.pretrained(), layer.layer(), timestamp);
        add(points, "layers.finetuned", layer.finetuned(), layer.layer(), timestamp);
      }
    }
    return points;
  }

  /** Adds one for each value that is defined. */
  static void add(
      List<MetricPoint> points,
      String prefix,
      Map<String, Double> metrics,
      int step,
      long timestamp) {
    metrics.forEach(
        (name, value) -> {
          if (value != null) {
            points.add(new MetricPoint(key(prefix + "." + name), step, timestamp, value));
          }
        });
  }

  /** MLflow's keys hold no colon, which splits' names do. */
  private static String key(String name) {
    return name.replace(':', '.').replaceAll("[^A-Za-z0-9_.-]", "_");
  }
}
