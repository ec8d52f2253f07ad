package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.statistics.CriticalDifference;
import io.buttress.statistics.SignedRanks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the methods did over all tasks of a model and regime.
 *
 * @param tasks how many of them count
 * @param unranked those that do not, and why
 * @param descriptiveOnly whether on one of them a method has fewer than 5 runs
 * @param criticalDifference null with fewer than two tasks or three methods
 */
public record Standings(
    String model,
    String regime,
    int tasks,
    SortedMap<String, String> unranked,
    boolean descriptiveOnly,
    List<Row> methods,
    CriticalDifference criticalDifference) {

  /**
   * One setting of a method; where a study selects, the method with a setting of its own on each
   * task and without parameters.
   *
   * @param tasks on which it has a result
   * @param wins tasks with no better mean than its own, by point estimate; ties count for each
   * @param significantWins tasks on which the interval of its difference to stl lies above 0; null
   *     for stl itself and where no task has an interval of five seeds or more
   * @param meanRank over the tasks on which it has a result; null without any
   * @param againstStl null for stl itself and where too few tasks have a result of both
   */
  public record Row(
      String method,
      SortedMap<String, Object> parameters,
      int tasks,
      int wins,
      Integer significantWins,
      Double meanRank,
      Test againstStl) {}

  /**
   * Whether a method's means over the tasks differ from those of stl with the same training.
   *
   * @param tasks on which both have a result
   * @param p two-sided, of Wilcoxon's signed-rank test
   * @param corrected p by Holm's procedure for all methods of the table
   */
  public record Test(int tasks, double p, double corrected) {}

  private record Group(String model, String regime) {}

  /**
   * @param byMethod whether a method has one setting in each comparison, chosen there
   */
  static List<Standings> of(
      List<Comparison> comparisons, List<ReportedTask> reported, boolean byMethod) {
    Map<Group, List<Comparison>> groups = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      groups
          .computeIfAbsent(
              new Group(comparison.model(), comparison.regime()), group -> new ArrayList<>())
          .add(comparison);
    }
    List<Standings> standings = new ArrayList<>();
    groups.forEach(
        (group, all) -> {
          SortedMap<String, String> unranked = new TreeMap<>();
          for (Comparison comparison : all) {
            String why = ReportedTask.named(reported, comparison.task()).unranked();
            if (why != null) {
              unranked.put(comparison.task(), why);
            }
          }
          List<Comparison> tasks =
              all.stream().filter(one -> !unranked.containsKey(one.task())).toList();
          List<Row> rows = rows(tasks, byMethod);
          standings.add(
              new Standings(
                  group.model(),
                  group.regime(),
                  tasks.size(),
                  unranked,
                  tasks.stream().anyMatch(Comparison::descriptiveOnly),
                  rows,
                  CriticalDifference.of(means(tasks, rows, byMethod))));
        });
    return standings;
  }

  private static List<Row> rows(List<Comparison> comparisons, boolean byMethod) {
    Map<Setting, List<Double>> ranks = new LinkedHashMap<>();
    Map<Setting, Integer> wins = new LinkedHashMap<>();
    Map<Setting, Integer> significant = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      Double best =
          comparison.methods().stream()
              .map(Comparison.Row::rank)
              .filter(Objects::nonNull)
              .min(Comparator.naturalOrder())
              .orElse(null);
      for (Comparison.Row row : comparison.methods()) {
        Setting setting = new Setting(row.method(), byMethod ? new TreeMap<>() : row.parameters());
        if (row.interval() != null && !row.interval().descriptiveOnly()) {
          significant.merge(setting, row.interval().tellsImprovement() ? 1 : 0, Integer::sum);
        }
        List<Double> seen = ranks.computeIfAbsent(setting, key -> new ArrayList<>());
        if (row.rank() != null) {
          seen.add(row.rank());
          wins.merge(setting, row.rank().equals(best) ? 1 : 0, Integer::sum);
        }
      }
    }
    Map<Setting, Test> tests = tests(comparisons, ranks.keySet(), byMethod);
    List<Row> rows = new ArrayList<>();
    ranks.forEach(
        (setting, seen) ->
            rows.add(
                new Row(
                    setting.method(),
                    setting.parameters(),
                    seen.size(),
                    wins.getOrDefault(setting, 0),
                    significant.get(setting),
                    seen.isEmpty()
                        ? null
                        : seen.stream().mapToDouble(rank -> rank).average().orElseThrow(),
                    tests.get(setting))));
    return rows;
  }

  /** By setting, one for each task; null where it has no result. */
  private static Map<Setting, List<Double>> means(
      List<Comparison> comparisons, List<Row> rows, boolean byMethod) {
    Map<Setting, List<Double>> means = new LinkedHashMap<>();
    for (Row row : rows) {
      Setting setting = new Setting(row.method(), row.parameters());
      List<Double> own = new ArrayList<>();
      comparisons.forEach(comparison -> own.add(mean(comparison, setting, byMethod)));
      means.put(setting, own);
    }
    return means;
  }

  private static Map<Setting, Test> tests(
      List<Comparison> comparisons, Set<Setting> settings, boolean byMethod) {
    Map<Setting, Integer> pairs = new LinkedHashMap<>();
    Map<Setting, Double> p = new LinkedHashMap<>();
    for (Setting setting : settings) {
      Setting reference = setting.reference();
      List<Double> own = new ArrayList<>();
      List<Double> stl = new ArrayList<>();
      for (Comparison comparison : comparisons) {
        Double mean = mean(comparison, setting, byMethod);
        Double other = mean(comparison, reference, byMethod);
        if (mean != null && other != null) {
          own.add(mean);
          stl.add(other);
        }
      }
      Double value = setting.equals(reference) ? null : SignedRanks.p(own, stl);
      if (value != null) {
        pairs.put(setting, own.size());
        p.put(setting, value);
      }
    }
    double[] corrected =
        SignedRanks.holm(p.values().stream().mapToDouble(value -> value).toArray());
    Map<Setting, Test> tests = new LinkedHashMap<>();
    p.forEach(
        (setting, value) ->
            tests.put(setting, new Test(pairs.get(setting), value, corrected[tests.size()])));
    return tests;
  }

  private static Double mean(Comparison comparison, Setting setting, boolean byMethod) {
    return comparison.methods().stream()
        .filter(row -> row.method().equals(setting.method()))
        .filter(row -> byMethod || row.parameters().equals(setting.parameters()))
        .findFirst()
        .map(Comparison.Row::mean)
        .orElse(null);
  }
}
