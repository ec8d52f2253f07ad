package io.buttress.collapse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/**
 * The spectra of a representation matrix Z of n examples x H dimensions, in float64.
 *
 * <p>By singular value decomposition of Z itself: eigenvalues of Z'Z lose every singular value
 * below the square root of the machine epsilon. Values up to max(n, H) x epsilon x s_1, which
 * rounding alone can leave, are 0.
 *
 * @param n rows of Z
 * @param h columns of Z
 * @param singular min(n, H) singular values of Z as it is, descending
 * @param variances H eigenvalues of the covariance of the centred rows (divisor n), descending
 */
public record Spectrum(int n, int h, double[] singular, double[] variances) {
  private static final double EPSILON = Math.ulp(1.0);

  /**
   * @throws IllegalArgumentException when Z is empty or holds a value that is not finite
   */
  public static Spectrum of(DMatrixRMaj z) {
    int n = z.getNumRows();
    int h = z.getNumCols();
    if (n == 0 || h == 0) {
      throw new IllegalArgumentException("representations are empty (" + n + " x " + h + ")");
    }
    for (int i = 0; i < n * h; i++) {
      if (!Double.isFinite(z.data[i])) {
        throw new IllegalArgumentException(
            "representations are not finite: row " + i / h + ", dimension " + i % h);
      }
    }
    double[] singular = singularValues(z);
    double floor = floor(n, h, singular[0]);
    dropBelow(floor, singular);
    double[] centred = singularValues(centred(z));
    dropBelow(floor, centred);
    double[] variances = new double[h];
    for (int i = 0; i < centred.length; i++) {
      variances[i] = centred[i] * centred[i] / n;
    }
    return new Spectrum(n, h, singular, variances);
  }

  /** What counts as 0 for a singular value of a matrix derived from Z. */
  double floor() {
    return floor(n, h, singular[0]);
  }

  private static double floor(int n, int h, double largest) {
    return Math.max(n, h) * EPSILON * largest;
  }

  /** Z with its column means taken off. */
  static DMatrixRMaj centred(DMatrixRMaj z) {
    int n = z.getNumRows();
    int h = z.getNumCols();
    double[] mean = new double[h];
    for (int i = 0; i < n * h; i++) {
      mean[i % h] += z.data[i] / n;
    }
    DMatrixRMaj centred = z.copy();
    for (int i = 0; i < n * h; i++) {
      centred.data[i] -= mean[i % h];
    }
    return centred;
  }

  private static double[] singularValues(DMatrixRMaj z) {
    DMatrixRMaj tall =
        z.getNumRows() >= z.getNumCols() ? z.copy() : CommonOps_DDRM.transpose(z, null);
    int columns = tall.getNumCols();
    // R of a QR decomposition has the same singular values; for tall matrices it is far cheaper to
    // take them from there, and as exact.
    QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(tall.getNumRows(), columns);
    SingularValueDecomposition_F64<DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(columns, columns, false, false, true);
    // Its answer says whether a column became zero, which leaves R as good as any.
    qr.decompose(tall);
    if (!svd.decompose(qr.getR(null, true))) {
      throw new IllegalArgumentException("singular values of the representations did not converge");
    }
    double[] values = Arrays.copyOf(svd.getSingularValues(), columns);
    Arrays.sort(values);
    return IntStream.rangeClosed(1, columns).mapToDouble(i -> values[columns - i]).toArray();
  }

  private static void dropBelow(double floor, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] <= floor) {
        values[i] = 0;
      }
    }
  }
}
