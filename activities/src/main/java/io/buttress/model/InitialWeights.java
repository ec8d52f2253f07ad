package io.buttress.model;

import java.util.Arrays;
import java.util.Random;

/** Draws a parameter's values as they are before pre-training. */
public final class InitialWeights {
  private InitialWeights() {}

  /** Linear weights and embeddings from N(0, initializer_range), biases 0, LayerNorm 1 and 0. */
  public static float[] draw(String parameter, int size, EncoderConfig config, Random random) {
    float[] values = new float[size];
    if (parameter.contains("LayerNorm")) {
      Arrays.fill(values, parameter.endsWith(".weight") ? 1 : 0);
    } else if (parameter.endsWith(".weight")) {
      for (int i = 0; i < size; i++) {
        values[i] = (float) (random.nextGaussian() * config.initializerRange());
      }
    }
    return values;
  }
}
