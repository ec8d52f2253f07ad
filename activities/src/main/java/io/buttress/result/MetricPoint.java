package io.buttress.result;

/**
 * One value of a metric over training.
 *
 * @param metric {@code loss}, {@code task_loss}, {@code regularizer}, {@code learning_rate}, {@code
 *     gradient_norm}, {@code examples_per_second}; {@code trajectory.effective_rank}, ...
 * @param step optimizer step, from 0; for a trajectory, how many were done
 * @param timestamp milliseconds since the epoch
 */
public record MetricPoint(String metric, int step, long timestamp, double value) {}
