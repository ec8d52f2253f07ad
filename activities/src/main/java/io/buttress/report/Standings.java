package io.buttress.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the methods did over all tasks of a model and regime.
 *
 * @param tasks how many there are
 */
public record Standings(String model, String regime, int tasks, List<Row> methods) {

  /**
   * One setting of a method; where a study selects, the method with a setting of its own on each
   * task and without parameters.
   *
   * @param tasks on which it has a result
   * @param wins tasks with no better mean than its own, by point estimate; ties count for each
   * @param meanRank over the tasks on which it has a result; null without any
   */
  public record Row(
      String method, SortedMap<String, Object> parameters, int tasks, int wins, Double meanRank) {}

  private record Group(String model, String regime) {}

  /**
   * @param byMethod whether a method has one setting in each comparison, chosen there
   */
  static List<Standings> of(List<Comparison> comparisons, boolean byMethod) {
    Map<Group, List<Comparison>> groups = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      groups
          .computeIfAbsent(
              new Group(comparison.model(), comparison.regime()), group -> new ArrayList<>())
          .add(comparison);
    }
    List<Standings> standings = new ArrayList<>();
    groups.forEach(
        (group, tasks) ->
            standings.add(
                new Standings(group.model(), group.regime(), tasks.size(), rows(tasks, byMethod))));
    return standings;
  }

  private static List<Row> rows(List<Comparison> comparisons, boolean byMethod) {
    Map<Setting, List<Double>> ranks = new LinkedHashMap<>();
    Map<Setting, Integer> wins = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      Double best =
          comparison.methods().stream()
              .map(Comparison.Row::rank)
              .filter(Objects::nonNull)
              .min(Comparator.naturalOrder())
              .orElse(null);
      for (Comparison.Row row : comparison.methods()) {
        Setting setting = new Setting(row.method(), byMethod ? new TreeMap<>() : row.parameters());
        List<Double> seen = ranks.computeIfAbsent(setting, key -> new ArrayList<>());
        if (row.rank() != null) {
          seen.add(row.rank());
          wins.merge(setting, row.rank().equals(best) ? 1 : 0, Integer::sum);
        }
      }
    }
    List<Row> rows = new ArrayList<>();
    ranks.forEach(
        (setting, seen) ->
            rows.add(
                new Row(
                    setting.method(),
                    setting.parameters(),
                    seen.size(),
                    wins.getOrDefault(setting, 0),
                    seen.isEmpty()
                        ? null
                        : seen.stream().mapToDouble(rank -> rank).average().orElseThrow())));
    return rows;
  }
}
