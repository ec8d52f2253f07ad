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
    List<MetricPoint> history) {}
