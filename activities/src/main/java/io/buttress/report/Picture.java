package io.buttress.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * A chart as the page shows it.
 *
 * @param alternative its numbers in words, for who cannot see it
 * @param svg drawing in the colours of the page's theme, without the legend
 */
record Picture(String title, String alternative, String svg, List<Key> legend) {
  private static final int WIDTH = 460;
  private static final int HEIGHT = 300;
  private static final int MARKER = 6;
  private static final float[][] DASHES = {null, {7, 5}, {2, 4}};

  // Colours that stand for the theme's until the page names them.
  private static final int THEMED = 1;
  private static final Color INK = new Color(THEMED, THEMED, 100);
  private static final Color RULE = new Color(THEMED, THEMED, 101);
  private static final Color CLEAR = new Color(0, 0, 0, 0);

  private static final Pattern HEAD = Pattern.compile("(?s)^.*?<svg [^>]*>");
  private static final Pattern CLIPS =
      Pattern.compile("(?s)<defs>.*?</defs>| clip-path=\"[^\"]*\"");
  private static final Pattern DECIMALS = Pattern.compile("-?\\d+\\.\\d+(E-?\\d+)?");
  private static final Pattern COLOUR =
      Pattern.compile("rgb\\(" + THEMED + "," + THEMED + ",(\\d+)\\)");

  /** A line of the legend. */
  record Key(String name, int colour, int dash, boolean line) {}

  static Picture of(Chart chart) {
    return new Picture(chart.title(), alternative(chart), svg(chart), legend(chart));
  }

  private static List<Key> legend(Chart chart) {
    List<Key> keys = new ArrayList<>();
    int others = 0;
    boolean lines = false;
    for (Chart.Series series : chart.series()) {
      lines |= series.line();
      if (series.mark().equals(Mark.QUIET)) {
        others++;
      } else {
        keys.add(
            new Key(series.name(), series.mark().colour(), series.mark().dash(), series.line()));
      }
    }
    if (others > 0) {
      keys.add(new Key(others + " others", Mark.QUIET.colour(), Mark.QUIET.dash(), lines));
    }
    return keys;
  }

  private static String alternative(Chart chart) {
    StringBuilder text = new StringBuilder(chart.title());
    text.append(" (x: ").append(chart.x().title()).append("; y: ");
    text.append(chart.y().title()).append(")");
    for (Chart.Series series : chart.series()) {
      text.append(". ").append(series.name()).append(":");
      for (Chart.Point point : series.points()) {
        text.append(' ').append(Format.size(point.y()));
        text.append(" at ").append(Format.axis(point.x())).append(';');
      }
      text.setLength(text.length() - (series.points().isEmpty() ? 0 : 1));
    }
    return text.append('.').toString();
  }

  private static String svg(Chart chart) {
    XYChart drawing =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .xAxisTitle(chart.x().title())
            .yAxisTitle(chart.y().title())
            .build();
    style(drawing.getStyler(), chart);
    for (int i = 0; i < chart.series().size(); i++) {
      add(drawing, i, chart.series().get(i));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      VectorGraphicsEncoder.saveVectorGraphic(drawing, out, VectorGraphicsFormat.SVG);
    } catch (IOException e) {
      throw new IllegalStateException("memory takes what is drawn", e);
    }
    return themed(out.toString(StandardCharsets.UTF_8));
  }

  private static void style(AxesChartStyler styler, Chart chart) {
    styler
        .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14))
        .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14))
        .setAxisTickMarksColor(RULE)
        .setAxisTickLabelsColor(INK)
        .setXAxisLogarithmic(chart.x().logarithmic())
        .setXAxisLogarithmicDecadeOnly(decades(chart, Chart.Point::x))
        .setYAxisLogarithmicDecadeOnly(decades(chart, Chart.Point::y))
        .setYAxisLogarithmic(chart.y().logarithmic())
        .setXAxisTickMarkSpacingHint(60)
        .setYAxisTickMarkSpacingHint(45)
        .setPlotGridLinesColor(RULE)
        .setPlotGridLinesStroke(new BasicStroke(1))
        .setPlotGridVerticalLinesVisible(false)
        .setErrorBarsColorSeriesColor(true)
        .setxAxisTickLabelsFormattingFunction(label(chart.x()))
        .setyAxisTickLabelsFormattingFunction(label(chart.y()));
    styler
        .setChartTitleVisible(false)
        .setLegendVisible(false)
        .setChartFontColor(INK)
        .setChartPadding(4)
        .setChartBackgroundColor(CLEAR)
        .setPlotBackgroundColor(CLEAR)
        .setPlotBorderVisible(false)
        .setMarkerSize(MARKER);
  }

  /** Of logarithmic ticks 1, 2 and 5 have room for a label, whatever the power of ten. */
  private static Function<Double, String> label(Chart.Axis axis) {
    return value -> {
      double leading = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
      boolean shown =
          !axis.logarithmic() || Stream.of(1, 2, 5).anyMatch(d -> Math.abs(leading - d) < 1e-6);
      return shown ? Format.axis(value) : " ";
    };
  }

  /** Whether values span so many powers of ten that these are ticks enough. */
  private static boolean decades(Chart chart, ToDoubleFunction<Chart.Point> coordinate) {
    DoubleSummaryStatistics range =
        chart.series().stream()
            .flatMap(series -> series.points().stream())
            .mapToDouble(coordinate)
            .summaryStatistics();
    return range.getMax() / range.getMin() > 200;
  }

  private static void add(XYChart drawing, int index, Chart.Series series) {
    double[] x = series.points().stream().mapToDouble(Chart.Point::x).toArray();
    double[] y = series.points().stream().mapToDouble(Chart.Point::y).toArray();
    double[] spread = series.points().stream().mapToDouble(Chart.Point::spread).toArray();
    boolean grey = series.mark().colour() == Mark.QUIET.colour();
    boolean bars = !grey && series.points().stream().anyMatch(point -> point.spread() > 0);
    // A name of its own: XChart refuses two series of one name, and shows none without a legend.
    String name = Integer.toString(index);
    XYSeries drawn = bars ? drawing.addSeries(name, x, y, spread) : drawing.addSeries(name, x, y);
    Color colour = new Color(THEMED, THEMED, series.mark().colour());
    float[] dash = DASHES[series.mark().dash()];
    drawn.setXYSeriesRenderStyle(
        series.line() ? XYSeriesRenderStyle.Line : XYSeriesRenderStyle.Scatter);
    drawn
        .setMarker(grey && series.line() ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE)
        .setMarkerColor(colour)
        .setLineColor(colour)
        .setLineStyle(
            new BasicStroke(
                grey ? 1 : 2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dash, 0));
  }

  /** Without what a page need not have: its own head, clips, colours and needless digits. */
  private static String themed(String svg) {
    String plain = CLIPS.matcher(svg).replaceAll("");
    plain =
        HEAD.matcher(plain)
            .replaceFirst(
                "<svg viewBox=\"0 0 " + WIDTH + " " + HEIGHT + "\" aria-hidden=\"true\">");
    plain = DECIMALS.matcher(plain).replaceAll(Picture::rounded);
    plain = COLOUR.matcher(plain).replaceAll(colour -> "var(" + variable(colour) + ")");
    return plain.replaceAll(">\\s+<", "><").trim();
  }

  private static String rounded(MatchResult number) {
    String text = String.format(Locale.ROOT, "%.1f", Double.parseDouble(number.group()));
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  private static String variable(MatchResult colour) {
    int index = Integer.parseInt(colour.group(1));
    return index == INK.getBlue() ? "--quiet" : index == RULE.getBlue() ? "--rule" : "--c" + index;
  }
}
