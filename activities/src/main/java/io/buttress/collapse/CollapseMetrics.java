package io.buttress.collapse;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.buttress.model.TorchOps;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

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
      Representations z,
      Spectrum spectrum,
      Representations pretrained,
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
    metrics.put("mean_norm", meanOf(z.norms()));
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
      Representations z,
      Spectrum spectrum,
      Representations pretrained,
      Spectrum pretrainedSpectrum) {
    SortedMap<String, Double> metrics = new TreeMap<>();
    metrics.put("effective_rank", SpectrumMetrics.effectiveRank(spectrum));
    metrics.put("mean_cosine", meanCosine(z, z.norms()));
    metrics.put("cka_pretrained", linearCka(z, spectrum, pretrained, pretrainedSpectrum));
    return metrics;
  }

  /**
   * Mean of cos(z_i, z_j) over all i != j, from the sum of the unit vectors: its squared length is
   * the sum over all pairs, i = j included.
   */
  private static Double meanCosine(Representations z, double[] norms) {
    int n = z.n();
    int h = z.h();
    double[] sum = new double[h];
    for (int i = 0; i < n; i++) {
      if (norms[i] == 0) {
        return null;
      }
      for (int j = 0; j < h; j++) {
        sum[j] += z.values()[i * h + j] / norms[i];
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
  private static Double linearCka(
      Representations y, Spectrum ySpectrum, Representations x, Spectrum xs) {
    double denominator = n2(xs) * n2(ySpectrum);
    if (denominator == 0) {
      return null;
    }
    double norm;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      norm = TorchOps.crossNorm(y.array(manager), x.array(manager)).getDouble();
    }
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

  private static double meanOf(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
