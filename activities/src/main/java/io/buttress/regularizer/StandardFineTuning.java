package io.buttress.regularizer;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Batch;
import io.buttress.model.BertClassifier.Output;

/** {@code stl}: the task loss alone. */
final class StandardFineTuning implements Regularizer {

  @Override
  public double lambda() {
    return 0;
  }

  @Override
  public NDArray penalty(Batch batch, Output output) {
    throw new IllegalStateException("standard fine-tuning has no penalty");
  }
}
