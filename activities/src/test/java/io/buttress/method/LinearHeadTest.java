package io.buttress.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.study.TaskKind;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinearHeadTest {
  /** What separates the classes perfectly on little data is fitted hard; noise is not. */
  @Test
  void noiseGetsAStrongerPenaltyThanSignal() {
    Random random = new Random(3);
    float[][] features = new float[60][8];
    float[] signal = new float[60];
    float[] noise = new float[60];
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < features[i].length; j++) {
        features[i][j] = (float) random.nextGaussian();
      }
      signal[i] = features[i][2] > 0 ? 1 : 0;
      noise[i] = random.nextInt(2);
    }
    float[] sure = LinearHead.fit(features, signal, TaskKind.CLASSIFICATION, 2, 1).weight();
    float[] unsure = LinearHead.fit(features, noise, TaskKind.CLASSIFICATION, 2, 1).weight();
    assertThat(largest(sure)).isGreaterThan(10 * largest(unsure));
  }

  @Test
  void featuresMayHaveAnyScaleAndOffset() {
    Random random = new Random(4);
    float[][] features = new float[40][3];
    float[][] moved = new float[40][3];
    float[] targets = new float[40];
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < 3; j++) {
        features[i][j] = (float) random.nextGaussian();
        moved[i][j] = 50 * features[i][j] + 300;
      }
      targets[i] = features[i][0] + 2 * features[i][1] + 5;
    }
    LinearHead plain = LinearHead.fit(features, targets, TaskKind.REGRESSION, 1, 1);
    LinearHead scaled = LinearHead.fit(moved, targets, TaskKind.REGRESSION, 1, 1);
    for (int j = 0; j < 3; j++) {
      assertThat(50 * scaled.weight()[j]).isCloseTo(plain.weight()[j], within(1e-3f));
    }
    assertThat(plain.weight()).containsExactly(new float[] {1, 2, 0}, within(1e-2f));
    assertThat(plain.bias()[0]).isCloseTo(5, within(1e-2f));
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
