package io.buttress.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.simple.SimpleMatrix;

class SpectralNormTest {

  @Property(tries = 10)
  void convergesToTheLargestSingularValue(
      @ForAll @IntRange(min = 1, max = 6) int outputs,
      @ForAll @IntRange(min = 1, max = 20) int inputs,
      @ForAll long seed) {
    Random random = new Random(seed);
    float[] values = new float[outputs * inputs];
    SimpleMatrix matrix = new SimpleMatrix(outputs, inputs);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
      matrix.set(i, values[i]);
    }
    double largest = matrix.svd().getSingleValue(0);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray weight = manager.create(values, new Shape(outputs, inputs));
      SpectralNorm norm = new SpectralNorm(manager, outputs, seed);
      norm.iterate(weight);
      assertThat((double) norm.sigma(weight, manager).getFloat())
          .as("one iteration never exceeds it")
          .isLessThanOrEqualTo(largest * (1 + 1e-5));
      int arrays = manager.getManagedArrays().size();
      for (int i = 0; i < 600; i++) {
        norm.iterate(weight);
      }
      assertThat(manager.getManagedArrays()).hasSize(arrays);
      assertThat((double) norm.sigma(weight, manager).getFloat())
          .isCloseTo(largest, within(1e-3 * largest));
    }
  }
}
