package io.buttress.regularizer;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Batch;
import io.buttress.model.BertClassifier.Output;

/**
 * A fine-tuning method as a term of the loss: mean task loss + lambda x R. To add one, implement
 * this, name it in {@link Regularizers}, and list its parameters in the method catalogue.
 *
 * <p>On the autograd tape never use the {@link Number} overloads of array arithmetic ({@code
 * x.mul(2)}): DJL frees the number's memory before the backward pass and gradients become garbage.
 * Make scalars once, with {@link Context#scalar}.
 */
public interface Regularizer {

  /** The weight of R. When it is 0 {@link #penalty} is never called. */
  double lambda();

  /**
   * R for one batch.
   *
   * @param output of the training-mode forward pass
   * @return a scalar on the autograd tape
   */
  NDArray penalty(Batch batch, Output output);
}
