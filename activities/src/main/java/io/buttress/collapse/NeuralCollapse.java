package io.buttress.collapse;

import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

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
  static Double nc1(DMatrixRMaj z, int[] classes, double floor) {
    int[] present = Arrays.stream(classes).distinct().sorted().toArray();
    int count = present.length;
    if (count < 2) {
      return null;
    }
    int[] group = Arrays.stream(classes).map(c -> Arrays.binarySearch(present, c)).toArray();
    int[] sizes = new int[count];
    for (int g : group) {
      sizes[g]++;
    }
    DMatrixRMaj means = new DMatrixRMaj(count, z.getNumCols());
    for (int i = 0; i < group.length; i++) {
      for (int j = 0; j < z.getNumCols(); j++) {
        means.add(group[i], j, z.get(i, j) / sizes[group[i]]);
      }
    }
    // B = M'M with M the centred means over sqrt(C): its eigenvalues are M's squared singular ones.
    DMatrixRMaj spread = Spectrum.centred(means);
    CommonOps_DDRM.divide(spread, Math.sqrt(count));
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(count, z.getNumCols(), false, true, true);
    if (!svd.decompose(spread)) {
      throw new IllegalArgumentException("singular values of the class means did not converge");
    }
    double[] roots = svd.getSingularValues();
    int directions = svd.numberOfSingularValues();
    DMatrixRMaj axes = svd.getV(null, true);
    SingularOps_DDRM.descendingOrder(null, false, roots, directions, axes, true);
    double trace = 0;
    int kept = 0;
    for (int k = 0; k < Math.min(directions, count - 1); k++) {
      if (roots[k] * Math.sqrt(group.length) > floor) {
        trace += within(z, group, sizes, means, axes, k) / (roots[k] * roots[k]);
        kept++;
      }
    }
    return kept == 0 ? null : trace / count;
  }

  /** v'Wv: the mean over groups of the variance along axis k within the group. */
  private static double within(
      DMatrixRMaj z, int[] group, int[] sizes, DMatrixRMaj means, DMatrixRMaj axes, int k) {
    double sum = 0;
    for (int i = 0; i < group.length; i++) {
      double along = 0;
      for (int j = 0; j < z.getNumCols(); j++) {
        along += (z.get(i, j) - means.get(group[i], j)) * axes.get(k, j);
      }
      sum += along * along / sizes[group[i]];
    }
    return sum / sizes.length;
  }
}
