package io.buttress.evaluation;

import java.util.List;

/** Metrics of a classification on resamples, from counts of (target, prediction) pairs. */
final class ResampledConfusion implements ResampledMetric {
  private final List<String> metric;
  private final int labels;
  private final int[] cells;

  ResampledConfusion(List<String> metric, Predictions predictions) {
    this.metric = metric;
    // Labels that are nowhere a target or predicted change no metric; f1 is one of two labels.
    int greatest = 1;
    for (int i = 0; i < predictions.size(); i++) {
      greatest =
          Math.max(
              greatest, (int) Math.max(predictions.targets()[i], predictions.predictions()[i]));
    }
    labels = greatest + 1;
    cells = new int[predictions.size()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = (int) predictions.targets()[i] * labels + (int) predictions.predictions()[i];
    }
  }

  @Override
  public Double value(int[] times) {
    long[] counts = new long[labels * labels];
    for (int i = 0; i < cells.length; i++) {
      counts[cells[i]] += times[i];
    }
    long[][] confusion = new long[labels][labels];
    for (int label = 0; label < labels; label++) {
      System.arraycopy(counts, label * labels, confusion[label], 0, labels);
    }
    return Metrics.mean(metric, Metrics.classification(new Confusion(confusion), true));
  }
}
