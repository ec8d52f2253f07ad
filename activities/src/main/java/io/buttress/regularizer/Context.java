package io.buttress.regularizer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.BertConfig;
import io.buttress.study.Method;

/**
 * What a method is made of.
 *
 * @param method its parameters
 * @param model the encoder's architecture
 * @param manager keeps what the method needs as long as training lasts
 * @param snapshot pre-trained representations of the training set; null when the trial has none
 */
public record Context(Method method, BertConfig model, NDManager manager, Snapshot snapshot) {

  /** A scalar that is safe on the autograd tape: in the engine's memory, alive all through. */
  public NDArray scalar(double value) {
    return manager.full(new Shape(), (float) value, DataType.FLOAT32);
  }
}
