package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Batch;
import io.buttress.model.Forward;
import io.buttress.model.TextClassifier;
import io.buttress.model.TextClassifier.Output;
import io.buttress.study.TaskKind;

/**
 * A micro-batch on its way through the model, on the autograd tape.
 *
 * @param forward the kind of pass that gave the output
 */
public record Pass(
    TextClassifier model, TaskKind kind, Batch batch, Forward forward, Output output) {

  /** Runs a batch through the model. */
  public static Pass of(TextClassifier model, TaskKind kind, Batch batch, Forward forward) {
    return new Pass(model, kind, batch, forward, model.forward(batch, forward));
  }

  /** The same batch once more, with dropout masks of its own. */
  public Pass again(Forward other) {
    return of(model, kind, batch, other);
  }

  /** The mean task loss: cross-entropy for classification, squared error for regression. */
  public NDArray taskLoss() {
    NDArray logits = output.logits();
    if (kind == TaskKind.REGRESSION) {
      NDArray error = logits.squeeze(1).sub(batch.targets());
      return error.mul(error).mean();
    }
    return logits.logSoftmax(-1).gather(batch.classes(), 1).mean().neg();
  }
}
