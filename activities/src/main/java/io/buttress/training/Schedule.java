package io.buttress.training;

import io.buttress.study.Training;

/**
 * The learning rate over the steps, as transformers' {@code get_linear_schedule_with_warmup},
 * {@code get_cosine_schedule_with_warmup} (half a period) and {@code
 * get_constant_schedule_with_warmup}.
 *
 * @param shape {@code linear}, {@code cosine} or {@code constant}, after the warm-up
 * @param peak rate at the end of the warm-up
 * @param warmup steps with a linearly rising rate; step 0 has rate 0 when there are any
 * @param steps in total
 */
public record Schedule(String shape, double peak, int warmup, int steps) {

  public static Schedule of(Training training, int steps) {
    int warmup = (int) Math.ceil(steps * training.warmup());
    return new Schedule(training.schedule(), training.learningRate(), warmup, steps);
  }

  public double rate(int step) {
    return peak * factor(step);
  }

  private double factor(int step) {
    if (step < warmup) {
      return step / (double) Math.max(1, warmup);
    }
    double length = Math.max(1, steps - warmup);
    return switch (shape) {
      case "constant" -> 1;
      case "linear" -> Math.max(0, (steps - step) / length);
      case "cosine" -> 0.5 * (1 + Math.cos(Math.PI * (step - warmup) / length));
      default ->
          throw new IllegalArgumentException(
              "unknown schedule " + shape + "; known: linear, cosine, constant");
    };
  }
}
