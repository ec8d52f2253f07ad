package io.buttress.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DropoutTest {
  @ParameterizedTest
  @CsvSource({"0.1, 400000", "0.5, 399999", "0.9, 400001", "0.001, 400002"})
  void dropsAtItsRateAndKeepsTheMean(double rate, int size) {
    float[] values = dropped(rate, size, 1);

    long zeros = zeros(values, 0, size);
    double deviation = Math.sqrt(rate * (1 - rate) / size);
    assertThat(zeros / (double) size).isCloseTo(rate, within(5 * deviation));
    for (float value : values) {
      if (value != 0) {
        assertThat(value).isCloseTo((float) (1 / (1 - rate)), within(1e-3f));
      }
    }
    // Values come from four parts of the drawn words: each must drop alike.
    for (int part = 0; part < 4; part++) {
      long some = zeros(values, part * (size / 4), (part + 1) * (size / 4));
      assertThat(some / (size / 4.0)).isCloseTo(rate, within(10 * deviation));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "5"})
  void takesAnySize(int size) {
    assertThat(dropped(0.5, size, 1)).hasSize(size);
  }

  @ParameterizedTest
  @CsvSource({"0.1", "0.5"})
  void followsTheSeed(double rate) {
    assertThat(dropped(rate, 1000, 3)).isEqualTo(dropped(rate, 1000, 3));
    assertThat(dropped(rate, 1000, 3)).isNotEqualTo(dropped(rate, 1000, 4));
  }

  @Test
  void aRateCloseToOneStillScalesByAFiniteFactor() {
    for (float value : dropped(0.9999999, 200000, 1)) {
      assertThat(value == 0 || value == 65536).isTrue();
    }
  }

  private static long zeros(float[] values, int from, int to) {
    int count = 0;
    for (float value : Arrays.copyOfRange(values, from, to)) {
      count += value == 0 ? 1 : 0;
    }
    return count;
  }

  private static float[] dropped(double rate, int size, int seed) {
    try (NDManager manager = NDManager.newBaseManager();
        NDArray ones = manager.ones(new Shape(size))) {
      Engine.getInstance().setRandomSeed(seed);
      return TorchOps.dropout(ones, rate).toFloatArray();
    }
  }
}
