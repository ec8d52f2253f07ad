package io.buttress.result;

import io.buttress.study.TrialResult.Moment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collapse metrics during training, as points of its history. */
public final class CollapseTrajectory {
  private static final String NAME = "trajectory";
  private static final String PREFIX = NAME + ".";

  private CollapseTrajectory() {}

  /**
   * Points of one moment; none for undefined values.
   *
   * @param done optimizer steps
   * @param metrics collapse metrics by key
   */
  public static List<MetricPoint> points(int done, Map<String, Double> metrics, long timestamp) {
    List<MetricPoint> points = new ArrayList<>();
    FinalMetrics.add(points, NAME, metrics, done, timestamp);
    return points;
  }

  /** The moments that a history tells of, in the order of training. */
  static List<Moment> moments(List<MetricPoint> history) {
    SortedMap<Integer, SortedMap<String, Double>> moments = new TreeMap<>();
    for (MetricPoint point : history) {
      if (point.metric().startsWith(PREFIX)) {
        moments
            .computeIfAbsent(point.step(), step -> new TreeMap<>())
            .put(point.metric().substring(PREFIX.length()), point.value());
      }
    }
    return moments.entrySet().stream()
        .map(moment -> new Moment(moment.getKey(), moment.getValue()))
        .toList();
  }
}
