package io.buttress.collapse;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.buttress.model.TorchOps;
import java.util.Arrays;

/** Variability of representations within their classes (Papyan, Han and Donoho 2020). */
final class NeuralCollapse {
  private NeuralCollapse() {}

  /**
   * NC1 = tr(W B+) / C over the C classes that have examples: W the mean over classes of the
   * within-class covariance, B the covariance of the class means around their own mean, B+ its
   * pseudo-inverse on the C - 1 directions that C means can span.
   *
   * @param z n examples x H dimensions
   * @param classes n class indices
   * @param floor singular values up to this count as 0
   * @return null for fewer than two classes, and for class means that all coincide
   */
  static Double nc1(Representations z, int[] classes, double floor) {
    int[] present = Arrays.stream(classes).distinct().sorted().toArray();
    int count = present.length;
    if (count < 2) {
      return null;
    }
    int[] group = Arrays.stream(classes).map(c -> Arrays.binarySearch(present, c)).toArray();
    double[] spread;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      spread = TorchOps.classSpread(z.array(manager), manager.create(group), count).toDoubleArray();
    }
    // B = M'M with M the centred means over sqrt(C): its eigenvalues are M's squared singular ones.
    int directions = spread.length / 2;
    double trace = 0;
    int kept = 0;
    for (int k = 0; k < Math.min(directions, count - 1); k++) {
      double root = spread[k];
      if (root * Math.sqrt(group.length) > floor) {
        trace += spread[directions + k] / (root * root);
        kept++;
      }
    }
    return kept == 0 ? null : trace / count;
  }
}
