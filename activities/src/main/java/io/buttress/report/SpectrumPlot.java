package io.buttress.report;

import io.buttress.collapse.Spectra;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Singular values relative to the first, on a logarithmic scale: a line for the pre-trained encoder
 * and one a method, the geometric mean over its runs. Coordinates are percentages of the plot, y
 * downwards.
 *
 * @param last number of singular values, the right end of the axis
 * @param ticks powers of ten
 */
record SpectrumPlot(int last, List<Tick> ticks, List<Line> lines) {
  /** Rounding of float32 representations reaches up to here; below there is nothing to see. */
  private static final double FLOOR = 1e-7;

  private static final int POINTS = 150;

  /**
   * @param y position from the top
   */
  record Tick(String label, String y) {}

  /**
   * @param colour index into the page's palette; 0 is the pre-trained encoder
   * @param dash pattern, which tells methods apart once colours repeat: solid, dashed, dotted
   * @param points of an SVG polyline
   */
  record Line(String name, int colour, int dash, String points) {}

  /** A method's runs. */
  record Runs(String method, List<Spectra> spectra) {}

  /**
   * @return null when no run was measured
   */
  static SpectrumPlot of(List<Runs> methods) {
    List<String> names = new ArrayList<>();
    List<double[]> curves = new ArrayList<>();
    for (Runs runs : methods) {
      if (runs.spectra().isEmpty()) {
        continue;
      }
      if (curves.isEmpty()) {
        names.add("pre-trained");
        curves.add(Spectra.relative(runs.spectra().get(0).pretrained()));
      }
      names.add(runs.method());
      curves.add(geometricMean(runs.spectra().stream().map(Spectra::finetuned).toList()));
    }
    if (curves.isEmpty()) {
      return null;
    }
    double least = 0.1;
    int last = 1;
    for (double[] curve : curves) {
      last = Math.max(last, curve.length);
      for (double value : curve) {
        least = value > FLOOR ? Math.min(least, value) : least;
      }
    }
    int decades = (int) Math.ceil(-Math.log10(least));
    List<Tick> ticks = new ArrayList<>();
    for (int decade = 0; decade <= decades; decade++) {
      ticks.add(new Tick(decade == 0 ? "1" : "1e-" + decade, number(100.0 * decade / decades)));
    }
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < curves.size(); i++) {
      Mark mark = i == 0 ? Mark.QUIET : Mark.of(i - 1);
      String points = points(curves.get(i), last, decades);
      lines.add(new Line(names.get(i), mark.colour(), mark.dash(), points));
    }
    return new SpectrumPlot(last, ticks, lines);
  }

  /** Geometric mean over the runs of s_i / s_1 at every i; 0 where one of them is 0. */
  private static double[] geometricMean(List<double[]> runs) {
    double[] mean = new double[runs.get(0).length];
    for (double[] run : runs) {
      double[] relative = Spectra.relative(run);
      for (int i = 0; i < mean.length; i++) {
        mean[i] += Math.log(relative[i]) / runs.size();
      }
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] = Math.exp(mean[i]);
    }
    return mean;
  }

  private static String points(double[] curve, int last, int decades) {
    StringBuilder points = new StringBuilder();
    int step = Math.max(1, curve.length / POINTS);
    for (int i = 0; i < curve.length && curve[i] > FLOOR; i += i < 20 ? 1 : step) {
      double x = last == 1 ? 0 : 100.0 * i / (last - 1);
      points.append(number(x)).append(',');
      points.append(number(-100 * Math.log10(curve[i]) / decades)).append(' ');
    }
    return points.toString().trim();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
