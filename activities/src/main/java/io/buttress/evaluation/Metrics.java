package io.buttress.evaluation;

import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.hipparchus.stat.correlation.SpearmansCorrelation;

/**
 * Quality of predictions, by the keys {@code accuracy}, {@code f1} (two labels only), {@code
 * macro_f1}, {@code micro_f1}, {@code matthews} for classification and {@code pearson}, {@code
 * spearman} for regression. Values are null where undefined.
 */
public final class Metrics {
  private Metrics() {}

  /**
   * Metrics of a model's outputs. A prediction is the label with the greatest logit, the first of
   * equal ones. A NaN among the logits leaves every metric undefined.
   *
   * @param labels number of labels; ignored for regression
   * @param targets n class indices, or scores
   * @param logits n rows of {@code labels} logits, or of one predicted score
   * @throws IllegalArgumentException when the shapes do not agree or a target is not a label
   */
  public static SortedMap<String, Double> compute(
      TaskKind kind, int labels, float[] targets, float[][] logits) {
    int width = kind == TaskKind.REGRESSION ? 1 : labels;
    if (targets.length != logits.length) {
      throw new IllegalArgumentException(
          targets.length + " targets for " + logits.length + " predictions");
    }
    boolean defined = targets.length > 0;
    for (float[] row : logits) {
      if (row.length != width) {
        throw new IllegalArgumentException(row.length + " logits where " + width + " are needed");
      }
      for (float logit : row) {
        defined &= !Float.isNaN(logit);
      }
    }
    if (kind == TaskKind.REGRESSION) {
      return correlations(targets, logits, defined);
    }
    int[] predictions = new int[logits.length];
    Arrays.setAll(predictions, i -> argmax(logits[i]));
    return classification(new Confusion(labels, targets, predictions), defined);
  }

  /**
   * How a model predicts examples that it learned with a wrong label: {@code memorized}, the share
   * for which it predicts that label, and {@code recovered}, the right one instead. Null without
   * examples.
   *
   * @param targets n class indices
   * @param learned the wrong ones, n class indices
   * @param logits n rows
   */
  public static SortedMap<String, Double> onFlippedLabels(
      float[] targets, float[] learned, float[][] logits) {
    int n = targets.length;
    double memorized = 0;
    double recovered = 0;
    for (int i = 0; i < n; i++) {
      int predicted = argmax(logits[i]);
      memorized += predicted == (int) learned[i] ? 1 : 0;
      recovered += predicted == (int) targets[i] ? 1 : 0;
    }
    SortedMap<String, Double> metrics = new TreeMap<>();
    metrics.put("memorized", n == 0 ? null : memorized / n);
    metrics.put("recovered", n == 0 ? null : recovered / n);
    return metrics;
  }

  /**
   * The mean of some metrics: a task's primary metric.
   *
   * @return null when one of them is missing or undefined
   */
  public static Double mean(List<String> metrics, Map<String, Double> values) {
    double sum = 0;
    for (String metric : metrics) {
      Double value = values.get(metric);
      if (value == null || !Double.isFinite(value)) {
        return null;
      }
      sum += value;
    }
    return sum / metrics.size();
  }

  /**
   * What a predictor that ignores its input reaches in a primary metric: the best over all constant
   * predictions (for accuracy: the majority label). Undefined metrics of a constant prediction,
   * correlations among them, count as 0.
   *
   * @param targets of the reported set
   * @param metrics keys whose mean is the primary metric
   */
  public static double baseline(TaskKind kind, int labels, float[] targets, List<String> metrics) {
    if (kind == TaskKind.REGRESSION) {
      return 0;
    }
    double best = Double.NEGATIVE_INFINITY;
    for (int label = 0; label < labels; label++) {
      int[] predictions = new int[targets.length];
      Arrays.fill(predictions, label);
      SortedMap<String, Double> values =
          classification(new Confusion(labels, targets, predictions), targets.length > 0);
      values.replaceAll((metric, value) -> value == null ? Double.valueOf(0) : value);
      Double mean = mean(metrics, values);
      if (mean == null) {
        throw new IllegalArgumentException("no classification metrics: " + metrics);
      }
      best = Math.max(best, mean);
    }
    return best;
  }

  static SortedMap<String, Double> classification(Confusion confusion, boolean defined) {
    SortedMap<String, Double> metrics = new TreeMap<>();
    metrics.put("accuracy", defined ? confusion.accuracy() : null);
    if (confusion.labels() == 2) {
      metrics.put("f1", defined ? confusion.f1(1) : null);
    }
    metrics.put("macro_f1", defined ? confusion.macroF1() : null);
    metrics.put("micro_f1", defined ? confusion.microF1() : null);
    metrics.put("matthews", defined ? confusion.matthews() : null);
    return metrics;
  }

  private static SortedMap<String, Double> correlations(
      float[] targets, float[][] logits, boolean defined) {
    double[] x = new double[targets.length];
    double[] y = new double[targets.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = targets[i];
      y[i] = logits[i][0];
    }
    boolean enough = defined && x.length > 1 && !isConstant(x) && !isConstant(y);
    SortedMap<String, Double> metrics = new TreeMap<>();
    metrics.put("pearson", enough ? finite(new PearsonsCorrelation().correlation(x, y)) : null);
    metrics.put("spearman", enough ? finite(new SpearmansCorrelation().correlation(x, y)) : null);
    return metrics;
  }

  private static int argmax(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }

  private static boolean isConstant(double[] values) {
    return Arrays.stream(values).allMatch(value -> value == values[0]);
  }

  private static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
