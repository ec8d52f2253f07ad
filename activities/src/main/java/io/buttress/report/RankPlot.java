package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.statistics.CriticalDifference;
import java.util.List;
import java.util.Locale;

/**
 * Mean ranks on one axis, the best above, and bars that join methods which do not differ: Demšar's
 * critical-difference diagram with a line for each method. Positions are percentages of the width.
 *
 * @param last the last rank, at the right end
 * @param difference the critical difference
 * @param end where a bar of that length ends that begins at the first rank
 */
record RankPlot(
    int tasks,
    int last,
    String chiSquare,
    String p,
    String difference,
    String start,
    String end,
    List<Line> lines,
    List<Bar> bars) {
  private static final double MARGIN = 3;

  record Line(String method, String rank, String x) {}

  /**
   * @param title the methods that it joins
   */
  record Bar(String from, String to, String title) {}

  /**
   * @return null for null
   */
  static RankPlot of(CriticalDifference ranks) {
    if (ranks == null) {
      return null;
    }
    List<CriticalDifference.Place> places = ranks.methods();
    int last = places.size();
    List<Setting> settings =
        places.stream().map(place -> new Setting(place.method(), place.parameters())).toList();
    List<String> names = settings.stream().map(setting -> setting.amid(settings).name()).toList();
    List<Line> lines =
        places.stream()
            .map(
                place ->
                    new Line(
                        names.get(places.indexOf(place)),
                        String.format(Locale.ROOT, "%.2f", place.meanRank()),
                        percent(place.meanRank(), last)))
            .toList();
    List<Bar> bars =
        ranks.groups().stream()
            .map(
                group ->
                    new Bar(
                        percent(places.get(group.first()).meanRank() - 0.1, last),
                        percent(places.get(group.last()).meanRank() + 0.1, last),
                        String.join(", ", names.subList(group.first(), group.last() + 1))))
            .toList();
    return new RankPlot(
        ranks.tasks(),
        last,
        Format.size(ranks.chiSquare()),
        Format.size(ranks.p()),
        String.format(Locale.ROOT, "%.2f", ranks.criticalDifference()),
        percent(1, last),
        percent(1 + ranks.criticalDifference(), last),
        lines,
        bars);
  }

  private static String percent(double rank, int last) {
    double place = MARGIN + (100 - 2 * MARGIN) * (rank - 1) / (last - 1);
    return String.format(Locale.ROOT, "%.2f", Math.max(0, Math.min(100, place)));
  }
}
