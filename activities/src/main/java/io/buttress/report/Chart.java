package io.buttress.report;

import io.buttress.result.Setting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The numbers of a picture: points of several series over two axes. */
record Chart(String title, Axis x, Axis y, List<Series> series) {

  record Axis(String title, boolean logarithmic) {}

  /**
   * @param line whether its points are joined
   */
  record Series(String name, Mark mark, boolean line, List<Point> points) {

    /** Lines are told apart by the order in which they come. */
    static Series line(String name, List<Point> points) {
      return new Series(name, Mark.QUIET, true, points);
    }

    /** Points of their own. */
    static Series dots(String name, List<Point> points) {
      return new Series(name, Mark.QUIET, false, points);
    }

    private Series marked(Mark other) {
      return new Series(name, other, line, points);
    }

    private double level() {
      return points.stream().mapToDouble(Point::y).average().orElse(Double.NEGATIVE_INFINITY);
    }
  }

  /**
   * @param spread half the length of the bar around y; 0 for none
   */
  record Point(double x, double y, double spread) {}

  /** The same chart with one more series, above the others. */
  Chart with(Series more) {
    List<Series> all = new ArrayList<>(series);
    all.add(more);
    return new Chart(title, x, y, all);
  }

  /**
   * The same chart with a colour for each series, or, where there are more than colours, for stl
   * and those with the greatest mean; all others come first, so that these lie above them.
   */
  Chart marked() {
    List<Series> seen = series;
    if (series.size() > Mark.COLOURS) {
      List<Series> best = new ArrayList<>(series);
      best.sort(
          Comparator.comparing(
                  (Series one) -> !one.name().split(" ", 2)[0].equals(Setting.REFERENCE))
              .thenComparing(Series::level, Comparator.reverseOrder()));
      List<Series> chosen = best.subList(0, Mark.COLOURS);
      seen = series.stream().filter(chosen::contains).toList();
    }
    List<Series> marked = new ArrayList<>();
    for (Series one : series) {
      if (!seen.contains(one)) {
        marked.add(one.marked(Mark.QUIET));
      }
    }
    for (int i = 0; i < seen.size(); i++) {
      marked.add(seen.get(i).marked(Mark.of(i)));
    }
    return new Chart(title, x, y, marked);
  }
}
