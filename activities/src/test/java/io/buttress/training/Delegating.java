package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.Pass;
import io.buttress.method.Preparation;
import io.buttress.model.Forward;
import io.buttress.model.Part;
import java.util.Map;

/** A method as it is, for tests that watch or disturb one of its calls. */
class Delegating implements FineTuningMethod {
  private final FineTuningMethod inner;

  Delegating(FineTuningMethod inner) {
    this.inner = inner;
  }

  @Override
  public double lambda() {
    return inner.lambda();
  }

  @Override
  public NDArray penalty(Pass pass) {
    return inner.penalty(pass);
  }

  @Override
  public Loss loss(Pass pass) {
    return inner.loss(pass);
  }

  @Override
  public Forward forward() {
    return inner.forward();
  }

  @Override
  public Forward evaluation() {
    return inner.evaluation();
  }

  @Override
  public void prepare(Preparation preparation) {
    inner.prepare(preparation);
  }

  @Override
  public Map<String, NDArray> parameters() {
    return inner.parameters();
  }

  @Override
  public int steps(int planned) {
    return inner.steps(planned);
  }

  @Override
  public boolean trains(String parameter) {
    return inner.trains(parameter);
  }

  @Override
  public boolean usesAllTokens() {
    return inner.usesAllTokens();
  }

  @Override
  public double rate(Part part, int step) {
    return inner.rate(part, step);
  }

  @Override
  public double weightDecay(Part part, int step, double configured) {
    return inner.weightDecay(part, step, configured);
  }

  @Override
  public void stepped(int step, double learningRate) {
    inner.stepped(step, learningRate);
  }

  @Override
  public void finish() {
    inner.finish();
  }
}
