package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Forward;
import io.buttress.model.TrainedTokens;

/**
 * {@code da}: Gaussian noise on the looked-up word embeddings of every training step. Its standard
 * deviation is sigma times that of the pre-trained embedding table.
 */
final class DataAugmentation implements FineTuningMethod {
  private final Noise noise;
  private final NDArray deviation;

  DataAugmentation(MethodContext context) {
    noise = context.noise();
    NDArray table = context.model().parameters().get(TrainedTokens.TABLE);
    deviation =
        context.scalar(context.method().number("sigma") * standardDeviation(table.toFloatArray()));
  }

  @Override
  public Forward forward() {
    return new Forward() {
      @Override
      public boolean training() {
        return true;
      }

      @Override
      public NDArray tokens(NDArray tokens) {
        NDArray drawn = noise.normal(tokens.getShape(), tokens.getManager());
        return tokens.add(drawn.mul(deviation));
      }
    };
  }

  /** With divisor n - 1. */
  private static double standardDeviation(float[] values) {
    double mean = 0;
    for (float value : values) {
      mean += value / values.length;
    }
    double squares = 0;
    for (float value : values) {
      squares += (value - mean) * (value - mean);
    }
    return Math.sqrt(squares / (values.length - 1));
  }
}
