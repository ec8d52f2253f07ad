package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.TextClassifier;
import java.util.Map;

/**
 * A matrix's largest singular value by power iteration (Miyato et al. 2018, algorithm 1), one
 * iteration a call, as {@code torch.nn.utils.spectral_norm}. The vectors stay between the calls.
 */
final class SpectralNorm {
  private final NDManager manager;
  private NDArray u;
  private NDArray v;

  /**
   * @param outputs the matrix's rows
   * @param seed of u, drawn from N(0, 1) and normalised
   */
  SpectralNorm(NDManager parent, int outputs, long seed) {
    manager = parent;
    float[] drawn = TextClassifier.normal(outputs, 1, seed);
    u = normalised(manager.create(drawn, new Shape(outputs, 1)));
  }

  /** One power iteration: v = W'u, u = Wv, both normalised. */
  void iterate(NDArray weight) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray matrix = weight.stopGradient();
      matrix.attach(scope);
      NDArray nextV = normalised(matrix.transpose().matMul(u));
      NDArray nextU = normalised(matrix.matMul(nextV));
      u.close();
      if (v != null) {
        v.close();
      }
      u = nextU;
      v = nextV;
      u.attach(manager);
      v.attach(manager);
    }
  }

  /** u' W v, a scalar on the autograd tape and on the manager; u and v are constants. */
  NDArray sigma(NDArray weight, NDManager scope) {
    NDArray product = weight.matMul(v);
    product.attach(scope);
    return product.mul(u).sum();
  }

  /** The vectors by name, once there has been an iteration. */
  Map<String, NDArray> state() {
    return Map.of("u", u, "v", v);
  }

  private static NDArray normalised(NDArray vector) {
    return vector.div(vector.norm());
  }
}
