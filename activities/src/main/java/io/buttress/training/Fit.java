package io.buttress.training;

import io.buttress.result.MetricPoint;
import io.buttress.study.TrialStatus;
import java.util.List;

/**
 * How a training run went.
 *
 * @param status {@code done} or {@code diverged}
 * @param failure one line for {@code diverged}, else null
 * @param steps optimizer steps done
 * @param bestStep steps done at the evaluation whose weights early stopping kept; null: the weights
 *     are those of the last step
 * @param seconds wall-clock time of the loop
 * @param examplesPerSecond over the whole loop
 * @param history at most 200 points a metric
 */
public record Fit(
    TrialStatus status,
    String failure,
    int steps,
    Integer bestStep,
    double seconds,
    double examplesPerSecond,
    List<MetricPoint> history) {

  static Fit done(
      int steps, Integer bestStep, double seconds, long examples, List<MetricPoint> history) {
    return new Fit(TrialStatus.DONE, null, steps, bestStep, seconds, examples / seconds, history);
  }

  /**
   * @param step the first whose loss was not finite
   * @param planned steps in all
   */
  static Fit diverged(
      int step, int planned, double seconds, long examples, List<MetricPoint> history) {
    return new Fit(
        TrialStatus.DIVERGED,
        "the loss is not finite at step " + step + " of " + planned,
        step,
        null,
        seconds,
        examples / seconds,
        history);
  }
}
