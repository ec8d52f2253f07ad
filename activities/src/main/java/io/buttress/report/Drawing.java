package io.buttress.report;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * The shapes of a chart. Places are units of a frame that is {@code width} by {@code height}, from
 * its upper left corner.
 *
 * @param left the left end of the plot, which leaves room for labels
 * @param centre of the plot, between left and right
 * @param middle of the plot, between top and bottom
 */
record Drawing(
    int width,
    int height,
    int left,
    int right,
    int top,
    int bottom,
    int centre,
    int middle,
    String xTitle,
    String yTitle,
    List<Tick> x,
    List<Tick> y,
    List<Line> lines) {
  private static final int WIDTH = 460;
  private static final int HEIGHT = 300;
  private static final int RIGHT = WIDTH - 16;
  private static final int TOP = 8;
  private static final int BOTTOM = HEIGHT - 48;
  private static final int TITLE = 34;
  private static final int LETTER = 8;
  private static final int MOST_TICKS = 7;

  record Tick(String at, String label) {}

  /**
   * A series.
   *
   * @param width of its line
   * @param points joined by a line; null: they are not
   * @param bars of one standard deviation to either side
   */
  record Line(int colour, int dash, int width, String points, List<Bar> bars, List<Dot> dots) {}

  record Bar(String x, String from, String to) {}

  record Dot(String x, String y) {}

  static Drawing of(Chart chart) {
    Scale x =
        Scale.of(range(chart, p -> DoubleStream.of(p.x())), chart.x().logarithmic(), MOST_TICKS);
    Scale y =
        Scale.of(
            range(chart, p -> DoubleStream.of(p.y() - p.spread(), p.y() + p.spread())),
            chart.y().logarithmic(),
            MOST_TICKS);
    int letters = y.ticks().stream().mapToInt(t -> Format.axis(t).length()).max().orElse(0);
    int left = TITLE + LETTER * letters;
    Function<Double, String> across = value -> number(left + x.place(value) * (RIGHT - left));
    Function<Double, String> down = value -> number(BOTTOM - y.place(value) * (BOTTOM - TOP));
    return new Drawing(
        WIDTH,
        HEIGHT,
        left,
        RIGHT,
        TOP,
        BOTTOM,
        (left + RIGHT) / 2,
        (TOP + BOTTOM) / 2,
        chart.x().title(),
        chart.y().title(),
        ticks(x, across),
        ticks(y, down),
        chart.series().stream().map(series -> line(series, across, down)).toList());
  }

  private static DoubleSummaryStatistics range(
      Chart chart, Function<Chart.Point, DoubleStream> values) {
    return chart.series().stream()
        .flatMap(series -> series.points().stream())
        .flatMapToDouble(values)
        .summaryStatistics();
  }

  private static List<Tick> ticks(Scale scale, Function<Double, String> place) {
    return scale.ticks().stream()
        .map(value -> new Tick(place.apply(value), Format.axis(value)))
        .toList();
  }

  /** What stays in the background has thin lines without bars and dots. */
  private static Line line(
      Chart.Series series, Function<Double, String> across, Function<Double, String> down) {
    boolean quiet = series.mark().colour() == Mark.QUIET.colour();
    List<Dot> dots =
        series.points().stream()
            .map(point -> new Dot(across.apply(point.x()), down.apply(point.y())))
            .toList();
    List<Bar> bars =
        series.points().stream()
            .filter(point -> !quiet && point.spread() > 0)
            .map(
                point ->
                    new Bar(
                        across.apply(point.x()),
                        down.apply(point.y() - point.spread()),
                        down.apply(point.y() + point.spread())))
            .toList();
    return new Line(
        series.mark().colour(),
        series.mark().dash(),
        quiet ? 1 : 2,
        series.line()
            ? dots.stream().map(dot -> dot.x() + "," + dot.y()).collect(Collectors.joining(" "))
            : null,
        bars,
        quiet && series.line() ? List.of() : dots);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
