package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.model.Split;
import java.util.Map;

/** What a method may use before the first step. */
public interface Preparation {

  /** The training set. */
  Split train();

  /** The pooler's output of every training example in evaluation mode, {@code [n][H]}. */
  float[][] pooled();

  /**
   * Minimises a loss of batches of the training set by AdamW at a constant rate, without weight
   * decay and clipping, in the order of the first epochs.
   *
   * @param parameters to be trained, by name
   */
  void minimise(Map<String, NDArray> parameters, int steps, double rate, BatchLoss loss);

  /** A loss of some rows of the training set. */
  @FunctionalInterface
  interface BatchLoss {
    /** Returns a scalar on the autograd tape, with arrays on the manager. */
    NDArray of(int[] rows, NDManager manager);
  }
}
