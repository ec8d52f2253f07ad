package io.buttress.collapse;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.storage.Safetensors.Tensor;

/**
 * Representations of n examples in H dimensions, in float64.
 *
 * @param n examples
 * @param h dimensions
 * @param values n x H, an example after the other
 */
public record Representations(int n, int h, double[] values) {
  /** Those of a matrix of n examples x H dimensions. */
  public static Representations of(Tensor matrix) {
    float[] floats = matrix.floats();
    double[] values = new double[floats.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = floats[i];
    }
    return new Representations((int) matrix.shape()[0], (int) matrix.shape()[1], values);
  }

  /** A copy for the engine: {@code [n, h]}. */
  NDArray array(NDManager manager) {
    return manager.create(values, new Shape(n, h));
  }

  /** Euclidean lengths of the n rows. */
  double[] norms() {
    double[] norms = new double[n];
    for (int i = 0; i < n; i++) {
      double squares = 0;
      for (int j = i * h; j < (i + 1) * h; j++) {
        squares += values[j] * values[j];
      }
      norms[i] = Math.sqrt(squares);
    }
    return norms;
  }
}
