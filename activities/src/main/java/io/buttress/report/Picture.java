package io.buttress.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A chart as the page shows it.
 *
 * @param alternative its numbers in words, for who cannot see it
 */
record Picture(String title, String alternative, Drawing drawing, List<Key> legend) {
  /** A line of the legend. */
  record Key(String name, int colour, int dash, boolean line) {}

  static Picture of(Chart chart) {
    return new Picture(chart.title(), alternative(chart), Drawing.of(chart), legend(chart));
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
}
