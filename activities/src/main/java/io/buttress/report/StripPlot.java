package io.buttress.report;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Every run of every method as a dot on one axis, one line a method: shows how stable they are.
 * Positions are percentages of the plot's width.
 *
 * @param baseline position of the constant prediction's value
 * @param left label of the axis' left end
 * @param right label of its right end
 */
record StripPlot(String baseline, String left, String right, List<Line> lines) {

  /**
   * @param mean position of the mean
   */
  record Line(String method, String mean, List<Dot> dots) {}

  /**
   * One run.
   *
   * @param y position across the line, so that equal values do not hide each other
   * @param diverged drawn as a cross
   * @param title shown on hovering
   */
  record Dot(String x, String y, boolean diverged, String title) {}

  /** One run's value. */
  record Run(double value, boolean diverged, String title) {}

  /** One method's runs. */
  record Runs(String method, double mean, List<Run> runs) {}

  /**
   * @return null when there is nothing to draw
   */
  static StripPlot of(double baseline, List<Runs> methods) {
    DoubleSummaryStatistics range =
        DoubleStream.concat(
                DoubleStream.of(baseline),
                methods.stream().flatMap(m -> m.runs().stream()).mapToDouble(Run::value))
            .summaryStatistics();
    if (range.getCount() < 2) {
      return null;
    }
    double margin = Math.max(0.04 * (range.getMax() - range.getMin()), 0.002);
    double from = range.getMin() - margin;
    double to = range.getMax() + margin;
    List<Line> lines = new ArrayList<>();
    for (Runs method : methods) {
      List<Dot> dots = new ArrayList<>();
      int count = method.runs().size();
      for (int i = 0; i < count; i++) {
        Run run = method.runs().get(i);
        double y = count == 1 ? 50 : 28 + 44.0 * i / (count - 1);
        dots.add(new Dot(percent(run.value(), from, to), number(y), run.diverged(), run.title()));
      }
      lines.add(new Line(method.method(), percent(method.mean(), from, to), dots));
    }
    return new StripPlot(
        percent(baseline, from, to), Format.metric(from), Format.metric(to), lines);
  }

  private static String percent(double value, double from, double to) {
    return number(100 * (value - from) / (to - from));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
