package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.study.TaskKind;

/**
 * {@code r-drop}: two passes with different dropout masks must agree (Wu et al. 2021).
 *
 * <p>The task loss is the mean of both passes', R = mean over the batch of (KL(p || q) + KL(q ||
 * p)) / 2; for regression the mean squared difference of the two predictions.
 */
final class RDrop implements FineTuningMethod {
  private final double lambda;
  private final NDArray half;

  RDrop(MethodContext context) {
    lambda = context.method().number("lambda");
    half = context.scalar(0.5);
  }

  @Override
  public double lambda() {
    return lambda;
  }

  @Override
  public Loss loss(Pass first) {
    if (lambda == 0) {
      return FineTuningMethod.super.loss(first);
    }
    Pass second = first.again(first.forward());
    NDArray task = first.taskLoss().add(second.taskLoss()).mul(half);
    NDArray p = first.output().logits();
    NDArray q = second.output().logits();
    if (first.kind() == TaskKind.REGRESSION) {
      NDArray difference = p.sub(q);
      return new Loss(task, difference.mul(difference).mean(), null);
    }
    return new Loss(task, Divergence.symmetric(p, q).mul(half), null);
  }
}
