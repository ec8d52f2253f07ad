package io.buttress.evaluation;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Correlations of scores, each example as often as it was drawn. */
final class ResampledCorrelations implements ResampledMetric {
  private final List<String> metric;
  private final Values x;
  private final Values y;

  ResampledCorrelations(List<String> metric, Predictions predictions) {
    this.metric = metric;
    x = new Values(predictions.targets());
    y = new Values(predictions.predictions());
  }

  @Override
  public Double value(int[] times) {
    boolean enough = !x.isConstant(times) && !y.isConstant(times);
    SortedMap<String, Double> values = new TreeMap<>();
    for (String key : metric) {
      values.put(
          key,
          !enough
              ? null
              : switch (key) {
                case "pearson" -> correlation(x.values, y.values, times);
                case "spearman" -> correlation(x.ranks(times), y.ranks(times), times);
                default -> null;
              });
    }
    return Metrics.mean(metric, values);
  }

  private static double correlation(double[] x, double[] y, int[] times) {
    double n = 0;
    double meanX = 0;
    double meanY = 0;
    for (int i = 0; i < times.length; i++) {
      n += times[i];
      meanX += times[i] * x[i];
      meanY += times[i] * y[i];
    }
    meanX /= n;
    meanY /= n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < times.length; i++) {
      double dx = x[i] - meanX;
      double dy = y[i] - meanY;
      xx += times[i] * dx * dx;
      yy += times[i] * dy * dy;
      xy += times[i] * dx * dy;
    }
    return xy / Math.sqrt(xx * yy);
  }

  /** Numbers that are sorted once. */
  private static final class Values {
    final double[] values;
    private final int[] order;

    Values(float[] numbers) {
      values = new double[numbers.length];
      Arrays.setAll(values, i -> numbers[i]);
      order =
          IntStream.range(0, values.length)
              .boxed()
              .sorted((a, b) -> Double.compare(values[a], values[b]))
              .mapToInt(i -> i)
              .toArray();
    }

    boolean isConstant(int[] times) {
      int first = 0;
      while (first < order.length && times[order[first]] == 0) {
        first++;
      }
      int last = order.length - 1;
      while (last > first && times[order[last]] == 0) {
        last--;
      }
      return first >= last || values[order[first]] == values[order[last]];
    }

    /** Ranks in the resample, ties sharing the mean of theirs. */
    double[] ranks(int[] times) {
      double[] ranks = new double[order.length];
      double below = 0;
      int first = 0;
      while (first < order.length) {
        int end = first;
        double tied = 0;
        while (end < order.length && values[order[end]] == values[order[first]]) {
          tied += times[order[end]];
          end++;
        }
        for (int i = first; i < end; i++) {
          ranks[order[i]] = below + (tied + 1) / 2;
        }
        below += tied;
        first = end;
      }
      return ranks;
    }
  }
}
