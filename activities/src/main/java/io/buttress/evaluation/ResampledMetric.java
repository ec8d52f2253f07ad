package io.buttress.evaluation;

import io.buttress.study.TaskKind;
import java.util.List;

/** A primary metric of given predictions on resamples of their examples. */
@FunctionalInterface
public interface ResampledMetric {

  /**
   * What {@link Metrics} gives for the resample.
   *
   * @param times how often each example is in it
   * @return null where undefined
   */
  Double value(int[] times);

  /**
   * @param metric metric keys whose mean is the primary metric
   */
  static ResampledMetric of(TaskKind kind, List<String> metric, Predictions predictions) {
    if (!predictions.defined() || predictions.size() == 0) {
      return times -> null;
    }
    return kind == TaskKind.REGRESSION
        ? new ResampledCorrelations(metric, predictions)
        : new ResampledConfusion(metric, predictions);
  }
}
