package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodContext;
import io.buttress.method.Pass;
import io.buttress.model.Pooling;
import java.util.List;

final class NormKeeping implements FineTuningMethod {
  private final double lambda;
  private final NDArray target;

  NormKeeping(MethodContext context) {
    lambda = context.method().number("lambda");
    target = context.scalar(context.method().number("norm"));
  }

  @Override
  public double lambda() {
    return lambda;
  }

  @Override
  public NDArray penalty(Pass pass) {
    List<NDArray> states = pass.output().hiddenStates();
    NDArray cls = Pooling.CLS.apply(states.get(states.size() - 1), pass.batch());
    NDArray drift = cls.mul(cls).sum(new int[] {1}).mean().sub(target);
    return drift.mul(drift);
  }
}
