package io.buttress.training;

import io.buttress.result.MetricPoint;
import io.buttress.storage.Safetensors.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All that a training run needs to go on after a step as if it had never stopped.
 *
 * @param tensors on the host: trained parameters, what the method keeps, optimizer moments, the
 *     best weights of early stopping
 */
public record Checkpoint(Numbers numbers, Map<String, Tensor> tensors) {

  /**
   * The part that is not tensors.
   *
   * @param done optimizer steps done
   * @param examples seen
   * @param seconds of training, over all attempts
   */
  public record Numbers(
      int done, long examples, double seconds, StepLog.State log, EarlyStopping.State stopping) {

    /** Metric points that will be in the trial's history. */
    List<MetricPoint> points() {
      return Stream.concat(log.points().stream(), stopping.points().stream()).toList();
    }
  }
}
