package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Forward;
import io.buttress.model.Part;
import java.util.Map;

/**
 * A fine-tuning method: what it changes about training. Whatever it leaves alone is standard
 * fine-tuning. To add one, override what differs, name it in {@link MethodRegistry}, and list its
 * parameters in the method catalogue.
 *
 * <p>On the autograd tape never use the {@link Number} overloads of array arithmetic ({@code
 * x.mul(2)}): DJL frees the number's memory before the backward pass and gradients become garbage.
 * Make scalars once, with {@link MethodContext#scalar}.
 */
public interface FineTuningMethod {

  /** The weight of R in the loss. When it is 0, {@link #penalty} is not called. */
  default double lambda() {
    return 0;
  }

  /** R for one micro-batch: a scalar on the autograd tape. */
  default NDArray penalty(Pass pass) {
    throw new IllegalStateException("this method has no penalty");
  }

  /** Both terms of the loss of one micro-batch. */
  default Loss loss(Pass pass) {
    return new Loss(pass.taskLoss(), lambda() == 0 ? null : penalty(pass), null);
  }

  /** The forward pass of a training step. */
  default Forward forward() {
    return Forward.TRAINING;
  }

  /** The forward pass of an evaluation between two steps. */
  default Forward evaluation() {
    return Forward.EVALUATION;
  }

  /** Called once, before the first step; may change the model's weights. */
  default void prepare(Preparation preparation) {}

  /** What is trained beside the model's own parameters, by name; asked for once prepared. */
  default Map<String, NDArray> parameters() {
    return Map.of();
  }

  /**
   * What else changes from step to step, by name: checkpoints hold it, and resumption writes into
   * these arrays once the method is prepared.
   */
  default Map<String, NDArray> state() {
    return Map.of();
  }

  /** How many optimizer steps to take where {@code planned} were asked for. */
  default int steps(int planned) {
    return planned;
  }

  /** Whether a parameter of the model is trained. */
  default boolean trains(String parameter) {
    return true;
  }

  /**
   * Whether it reads or changes word embeddings of tokens that the training set does not have, as
   * penalties on parameters do. If not, these only shrink by weight decay, and training keeps no
   * gradients and moments for them, which saves time and memory.
   */
  default boolean usesAllTokens() {
    return false;
  }

  /** A part's learning rate at a step, relative to the schedule's. */
  default double rate(Part part, int step) {
    return 1;
  }

  /**
   * A part's decoupled weight decay at a step, which acts times the part's learning rate; never
   * applied to biases and LayerNorm.
   */
  default double weightDecay(Part part, int step, double configured) {
    return configured;
  }

  /** Called after each optimizer step with the learning rate it had. */
  default void stepped(int step, double learningRate) {}

  /**
   * Brings the model into the form that is stored, and changes nothing else. Called after the last
   * step; early stopping calls it between steps as well, and puts the model back afterwards.
   */
  default void finish() {}
}
