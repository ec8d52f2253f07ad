package io.buttress.collapse;

import io.buttress.storage.Safetensors.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.NormOps_DDRM;

/** Every collapse metric of a representation matrix; {@code docs/metrics.md} has the formulas. */
public final class CollapseMetrics {
  private CollapseMetrics() {}

  /**
   * Measures representations against the pre-trained ones of the same examples. Values are null
   * where undefined.
   *
   * @param z n examples x H dimensions
   * @param spectrum of z
   * @param pretrained n x H, rows in the same order
   * @param pretrainedSpectrum of pretrained
   * @param classes n class indices; null for regression
   * @param topK the k of gm_k and hm_k
   */
  public static SortedMap<String, Double> compute(
      DMatrixRMaj z,
      Spectrum spectrum,
      DMatrixRMaj pretrained,
      Spectrum pretrainedSpectrum,
      int[] classes,
      List<Integer> topK) {
    SortedMap<String, Double> metrics = brief(z, spectrum, pretrained, pretrainedSpectrum);
    double[] eigenvalues = SpectrumMetrics.eigenvalues(spectrum);
    double[] relative = SpectrumMetrics.relative(eigenvalues);
    for (int k : topK) {
      metrics.put("gm_" + k, SpectrumMetrics.geometricMean(eigenvalues, k));
      metrics.put("hm_" + k, SpectrumMetrics.harmonicMean(eigenvalues, k));
      metrics.put("gm_rel_" + k, SpectrumMetrics.geometricMean(relative, k));
      metrics.put("hm_rel_" + k, SpectrumMetrics.harmonicMean(relative, k));
    }
    metrics.put("stable_rank", SpectrumMetrics.stableRank(spectrum));
    metrics.put("participation_ratio", SpectrumMetrics.participationRatio(spectrum));
    metrics.put("k90", SpectrumMetrics.k90(spectrum));
    metrics.put("isoscore", SpectrumMetrics.isoscore(spectrum));
    metrics.put("mean_norm", meanOf(rowNorms(z)));
    metrics.put("nc1", classes == null ? null : NeuralCollapse.nc1(z, classes, spectrum.floor()));
    return metrics;
  }

  /**
   * The few that are measured at every layer and in the middle of training: {@code effective_rank},
   * {@code mean_cosine} and {@code cka_pretrained}. Values are null where undefined.
   *
   * @param z n examples x H dimensions
   * @param spectrum of z
   * @param pretrained n x H, rows in the same order
   * @param pretrainedSpectrum of pretrained
   */
  public static SortedMap<String, Double> brief(
      DMatrixRMaj z, Spectrum spectrum, DMatrixRMaj pretrained, Spectrum pretrainedSpectrum) {
    SortedMap<String, Double> metrics = new TreeMap<>();
    metrics.put("effective_rank", SpectrumMetrics.effectiveRank(spectrum));
    metrics.put("mean_cosine", meanCosine(z, rowNorms(z)));
    metrics.put("cka_pretrained", linearCka(z, spectrum, pretrained, pretrainedSpectrum));
    return metrics;
  }

  /** Representations in float64. */
  public static DMatrixRMaj matrix(Tensor representations) {
    float[] values = representations.floats();
    DMatrixRMaj matrix =
        new DMatrixRMaj((int) representations.shape()[0], (int) representations.shape()[1]);
    for (int i = 0; i < values.length; i++) {
      matrix.data[i] = values[i];
    }
    return matrix;
  }

  /**
   * Mean of cos(z_i, z_j) over all i != j, from the sum of the unit vectors: its squared length is
   * the sum over all pairs, i = j included.
   */
  private static Double meanCosine(DMatrixRMaj z, double[] norms) {
    int n = z.getNumRows();
    double[] sum = new double[z.getNumCols()];
    for (int i = 0; i < n; i++) {
      if (norms[i] == 0) {
        return null;
      }
      for (int j = 0; j < sum.length; j++) {
        sum[j] += z.get(i, j) / norms[i];
      }
    }
    if (n < 2) {
      return null;
    }
    double pairs = 0;
    for (double value : sum) {
      pairs += value * value;
    }
    return Math.max(-1, Math.min(1, (pairs - n) / ((double) n * (n - 1))));
  }

  /**
   * Linear CKA (Kornblith et al. 2019): ||Yc'Xc||_F^2 / (||Xc'Xc||_F ||Yc'Yc||_F), columns centred.
   * The denominators are known from the spectra.
   */
  private static Double linearCka(DMatrixRMaj y, Spectrum ySpectrum, DMatrixRMaj x, Spectrum xs) {
    double denominator = n2(xs) * n2(ySpectrum);
    if (denominator == 0) {
      return null;
    }
    DMatrixRMaj cross = new DMatrixRMaj(y.getNumCols(), x.getNumCols());
    CommonOps_DDRM.multTransA(Spectrum.centred(y), Spectrum.centred(x), cross);
    double norm = NormOps_DDRM.normF(cross);
    return Math.min(1, norm / denominator * norm);
  }

  /** Frobenius norm of Xc'Xc. */
  private static double n2(Spectrum spectrum) {
    double sum = 0;
    for (double variance : spectrum.variances()) {
      sum += variance * variance;
    }
    return spectrum.n() * Math.sqrt(sum);
  }

  private static double[] rowNorms(DMatrixRMaj z) {
    double[] norms = new double[z.getNumRows()];
    for (int i = 0; i < norms.length; i++) {
      double squares = 0;
      for (int j = 0; j < z.getNumCols(); j++) {
        squares += z.get(i, j) * z.get(i, j);
      }
      norms[i] = Math.sqrt(squares);
    }
    return norms;
  }

  private static double meanOf(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
