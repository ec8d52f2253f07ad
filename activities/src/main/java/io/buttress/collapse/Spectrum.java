package io.buttress.collapse;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.buttress.model.TorchOps;

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
   * Takes both from one QR decomposition: R has the singular values of the matrix.
   *
   * @throws IllegalArgumentException when Z is empty or holds a value that is not finite
   */
  public static Spectrum of(Representations z) {
    int n = z.n();
    int h = z.h();
    if (n == 0 || h == 0) {
      throw new IllegalArgumentException("representations are empty (" + n + " x " + h + ")");
    }
    for (int i = 0; i < z.values().length; i++) {
      if (!Double.isFinite(z.values()[i])) {
        throw new IllegalArgumentException(
            "representations are not finite: row " + i / h + ", dimension " + i % h);
      }
    }
    double[] both;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      both = TorchOps.spectra(z.array(manager)).toDoubleArray();
    }
    int count = both.length / 2;
    double floor = floor(n, h, both[0]);
    double[] singular = new double[count];
    double[] variances = new double[h];
    for (int i = 0; i < count; i++) {
      singular[i] = both[i] > floor ? both[i] : 0;
      double centred = both[count + i] > floor ? both[count + i] : 0;
      variances[i] = centred * centred / n;
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
}
