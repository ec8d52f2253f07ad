package io.buttress.collapse;

import java.util.Arrays;

/** Collapse metrics that depend on a spectrum alone. Values are null where undefined. */
final class SpectrumMetrics {
  private SpectrumMetrics() {}

  /** Eigenvalues of Z'Z / n, as many as Z has singular values, descending. */
  static double[] eigenvalues(Spectrum spectrum) {
    return Arrays.stream(spectrum.singular()).map(s -> s * s / spectrum.n()).toArray();
  }

  /** Values over their mean, free of Z's scale; null when all are 0. */
  static double[] relative(double[] values) {
    double mean = Arrays.stream(values).sum() / values.length;
    return mean == 0 ? null : Arrays.stream(values).map(value -> value / mean).toArray();
  }

  /** Geometric mean of the first k values; null when there are fewer, 0 when one of them is. */
  static Double geometricMean(double[] values, int k) {
    if (values == null || k > values.length) {
      return null;
    }
    return values[k - 1] == 0
        ? 0.0
        : Math.exp(Arrays.stream(values, 0, k).map(Math::log).sum() / k);
  }

  /** Harmonic mean of the first k values; null when there are fewer, 0 when one of them is. */
  static Double harmonicMean(double[] values, int k) {
    if (values == null || k > values.length) {
      return null;
    }
    return values[k - 1] == 0 ? 0.0 : k / Arrays.stream(values, 0, k).map(value -> 1 / value).sum();
  }

  /** exp of the entropy of s_i / sum s (Roy and Vetterli 2007; RankMe, Garrido et al. 2023). */
  static Double effectiveRank(Spectrum spectrum) {
    double sum = Arrays.stream(spectrum.singular()).sum();
    if (sum == 0) {
      return null;
    }
    return Math.exp(
        Arrays.stream(spectrum.singular())
            .filter(s -> s > 0)
            .map(s -> -s / sum * Math.log(s / sum))
            .sum());
  }

  /** sum s^2 / s_1^2. */
  static Double stableRank(Spectrum spectrum) {
    double largest = spectrum.singular()[0];
    return largest == 0
        ? null
        : Arrays.stream(spectrum.singular()).map(s -> s / largest * (s / largest)).sum();
  }

  /** (sum m)^2 / sum m^2 over the eigenvalues m of the covariance. */
  static Double participationRatio(Spectrum spectrum) {
    double[] m = spectrum.variances();
    double sum = Arrays.stream(m).sum();
    return sum == 0 ? null : sum * sum / Arrays.stream(m).map(v -> v * v).sum();
  }

  /** The least k with m_1 + .. + m_k >= 0.9 sum m. */
  static Double k90(Spectrum spectrum) {
    double[] m = spectrum.variances();
    double wanted = 0.9 * Arrays.stream(m).sum();
    if (wanted == 0) {
      return null;
    }
    double sum = 0;
    int k = 0;
    while (k < m.length && sum < wanted) {
      sum += m[k++];
    }
    return (double) k;
  }

  /**
   * IsoScore (Rudman et al. 2022, algorithm 1): 1 when the variance is the same in all H
   * directions, 0 when all of it lies in one. Undefined for one dimension.
   */
  static Double isoscore(Spectrum spectrum) {
    double[] m = spectrum.variances();
    double h = m.length;
    double norm = Math.sqrt(Arrays.stream(m).map(v -> v * v).sum());
    if (norm == 0 || h == 1) {
      return null;
    }
    double distance = 0;
    for (double variance : m) {
      double off = Math.sqrt(h) * variance / norm - 1;
      distance += off * off;
    }
    // The isotropy defect, squared: 0 for equal variances, 1 when there is only one.
    double defect = distance / (2 * (h - Math.sqrt(h)));
    double used = h - defect * (h - Math.sqrt(h));
    double fraction = used * used / (h * h);
    return (h * fraction - 1) / (h - 1);
  }
}
