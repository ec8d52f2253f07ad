package io.buttress.report;

import io.buttress.result.Setting;
import java.util.List;
import java.util.Objects;

/**
 * The methods over all tasks of a model and a regime: wins, mean ranks, tests.
 *
 * @param tested whether there are tasks enough to test a method against stl
 */
record OverallTable(
    String model,
    String regime,
    int tasks,
    boolean descriptiveOnly,
    boolean tested,
    List<Row> methods,
    List<Unranked> unranked,
    RankPlot ranks) {

  record Row(
      String method,
      String parameters,
      String tasks,
      String wins,
      String significantWins,
      String meanRank,
      boolean best,
      String p,
      String corrected) {}

  record Unranked(String task, String why) {}

  static OverallTable of(Standings standings) {
    double best =
        standings.methods().stream()
            .map(Standings.Row::meanRank)
            .filter(Objects::nonNull)
            .mapToDouble(rank -> rank)
            .min()
            .orElse(Double.NaN);
    return new OverallTable(
        Format.model(standings.model()),
        standings.regime(),
        standings.tasks(),
        standings.descriptiveOnly(),
        standings.methods().stream().anyMatch(row -> row.againstStl() != null),
        standings.methods().stream()
            .map(
                row ->
                    new Row(
                        row.method(),
                        new Setting(row.method(), row.parameters()).described(),
                        row.tasks() + " of " + standings.tasks(),
                        Integer.toString(row.wins()),
                        Format.count(row.significantWins()),
                        Format.rank(row.meanRank()),
                        row.meanRank() != null && row.meanRank() == best,
                        Format.size(row.againstStl() == null ? null : row.againstStl().p()),
                        Format.size(
                            row.againstStl() == null ? null : row.againstStl().corrected())))
            .toList(),
        standings.unranked().entrySet().stream()
            .map(task -> new Unranked(task.getKey(), task.getValue()))
            .toList(),
        RankPlot.of(standings.criticalDifference()));
  }
}
