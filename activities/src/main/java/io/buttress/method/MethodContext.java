package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.EncoderConfig;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;

/**
 * What a method is made of.
 *
 * @param method its parameters
 * @param model to be fine-tuned; its manager keeps what the method needs for as long
 * @param seed the trial's
 * @param snapshot pre-trained representations of the training set; null when the trial has none
 */
public record MethodContext(
    Method method,
    Training training,
    TaskKind kind,
    long seed,
    TextClassifier model,
    Snapshot snapshot,
    Noise noise) {

  public EncoderConfig config() {
    return model.config();
  }

  /** The seed of what is drawn for a purpose before training, see {@link Seeds}. */
  public long seed(String purpose, int index) {
    return Seeds.derive(seed, purpose, index);
  }

  /** A scalar that is safe on the autograd tape: in the engine's memory, alive all through. */
  public NDArray scalar(double value) {
    return model.manager().full(new Shape(), (float) value, DataType.FLOAT32);
  }
}
