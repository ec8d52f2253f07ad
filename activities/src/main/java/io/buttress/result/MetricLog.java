package io.buttress.result;

import java.io.IOException;
import java.util.List;

/** Where a trial's metric points are shown. */
@FunctionalInterface
public interface MetricLog {
  MetricLog NONE = (runId, points) -> {};

  /**
   * Adds points to a run. Those of steps that a metric has already are left out, so that the points
   * of a trial can be given again and again, by whatever attempt.
   *
   * @param points of each metric all from its first on
   */
  void log(String runId, List<MetricPoint> points) throws IOException;
}
