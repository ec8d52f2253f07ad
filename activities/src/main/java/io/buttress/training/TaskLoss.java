package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Batch;
import io.buttress.study.TaskKind;

/** The mean loss of a batch. */
final class TaskLoss {
  private TaskLoss() {}

  /**
   * Cross-entropy for classification, squared error for regression.
   *
   * @param logits {@code [batch, labels]}; for regression {@code [batch, 1]}
   * @return a scalar on the autograd tape
   */
  static NDArray mean(TaskKind kind, NDArray logits, Batch batch) {
    if (kind == TaskKind.REGRESSION) {
      NDArray error = logits.squeeze(1).sub(batch.targets());
      return error.mul(error).mean();
    }
    return logits.logSoftmax(-1).gather(batch.classes(), 1).mean().neg();
  }
}
