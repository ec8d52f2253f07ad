package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** What a method gains and what it keeps of the representations, on one task. */
final class TradeOff {
  private static final String RELATIVE = "gm_rel_";

  /** From this ratio of the greatest to the least value on, an axis is logarithmic. */
  private static final double WIDE = 10;

  private TradeOff() {}

  /** Settings of a method that differ in one parameter alone. */
  private record Family(String parameter, Setting rest) {}

  /**
   * For each numeric parameter with a grid: the primary metric against it, and the geometric mean
   * of the relative eigenvalues, at the largest k that all settings have. A line for each method
   * and choice of its other parameters; stl, which has no such parameter, as a level.
   */
  static List<Chart> grids(Comparison comparison) {
    Map<String, Map<Family, List<Comparison.Row>>> grids = new LinkedHashMap<>();
    families(comparison)
        .forEach(
            (family, rows) ->
                grids
                    .computeIfAbsent(family.parameter(), name -> new LinkedHashMap<>())
                    .put(family, rows));
    String collapse = relative(comparison);
    List<Chart> charts = new ArrayList<>();
    grids.forEach(
        (parameter, families) -> {
          charts.add(
              chart(
                  comparison,
                  parameter,
                  families,
                  comparison.primaryMetric(),
                  Comparison.Row::mean,
                  Comparison.Row::standardDeviation));
          if (collapse != null) {
            charts.add(
                chart(
                    comparison,
                    parameter,
                    families,
                    collapse,
                    row -> row.collapse() == null ? null : row.collapse().finetuned().get(collapse),
                    row -> null));
          }
        });
    charts.removeIf(chart -> chart.series().isEmpty());
    return charts;
  }

  /**
   * The primary metric against the effective rank, a point for each done trial, by method; null
   * with fewer than two.
   */
  static Chart runs(ReportedTask task, Comparison comparison, List<TrialResult> trials) {
    Map<String, List<Chart.Point>> points = new LinkedHashMap<>();
    for (TrialResult trial : trials) {
      Double primary = trial.status() == TrialStatus.DONE ? task.primary(trial) : null;
      Double rank =
          trial.collapse() == null ? null : trial.collapse().finetuned().get("effective_rank");
      if (primary != null && rank != null && Double.isFinite(rank)) {
        points
            .computeIfAbsent(trial.method(), method -> new ArrayList<>())
            .add(new Chart.Point(rank, primary, 0));
      }
    }
    if (points.values().stream().mapToInt(List::size).sum() < 2) {
      return null;
    }
    List<Chart.Series> series = new ArrayList<>();
    points.forEach((method, own) -> series.add(Chart.Series.dots(method, own)));
    String metric = comparison.primaryMetric();
    return new Chart(
            metric + " against effective rank",
            new Chart.Axis("effective rank, dimensions", false),
            new Chart.Axis(metric, false),
            series)
        .marked();
  }

  private static Map<Family, List<Comparison.Row>> families(Comparison comparison) {
    Map<Family, List<Comparison.Row>> families = new LinkedHashMap<>();
    for (Comparison.Row row : comparison.methods()) {
      row.parameters()
          .forEach(
              (name, value) -> {
                if (value instanceof Number) {
                  SortedMap<String, Object> rest = new TreeMap<>(row.parameters());
                  rest.remove(name);
                  families
                      .computeIfAbsent(
                          new Family(name, new Setting(row.method(), rest)),
                          family -> new ArrayList<>())
                      .add(row);
                }
              });
    }
    families.values().removeIf(rows -> rows.size() < 2);
    return families;
  }

  private static Chart chart(
      Comparison comparison,
      String parameter,
      Map<Family, List<Comparison.Row>> families,
      String metric,
      Function<Comparison.Row, Double> value,
      Function<Comparison.Row, Double> spread) {
    List<Setting> settings = families.keySet().stream().map(Family::rest).toList();
    List<Chart.Series> series = new ArrayList<>();
    TreeSet<Double> places = new TreeSet<>();
    families.forEach(
        (family, rows) -> {
          List<Chart.Point> points =
              rows.stream()
                  .filter(row -> value.apply(row) != null)
                  .map(row -> point(row, parameter, value, spread))
                  .sorted(Comparator.comparingDouble(Chart.Point::x))
                  .toList();
          if (points.size() > 1) {
            points.forEach(point -> places.add(point.x()));
            series.add(Chart.Series.line(family.rest().amid(settings).name(), points));
          }
        });
    boolean wide =
        !places.isEmpty() && places.first() > 0 && places.last() / places.first() >= WIDE;
    Chart chart =
        new Chart(
                metric + " against " + parameter,
                new Chart.Axis(wide ? parameter + ", log scale" : parameter, wide),
                new Chart.Axis(metric, false),
                series)
            .marked();
    Double level = level(comparison, value);
    return places.isEmpty() || level == null
        ? chart
        : chart.with(
            new Chart.Series(
                Setting.REFERENCE,
                Mark.DASHED,
                true,
                List.of(
                    new Chart.Point(places.first(), level, 0),
                    new Chart.Point(places.last(), level, 0))));
  }

  private static Chart.Point point(
      Comparison.Row row,
      String parameter,
      Function<Comparison.Row, Double> value,
      Function<Comparison.Row, Double> spread) {
    double x = ((Number) row.parameters().get(parameter)).doubleValue();
    Double bar = spread.apply(row);
    return new Chart.Point(x, value.apply(row), bar == null ? 0 : bar);
  }

  /** Of stl, where the study has one setting of it. */
  private static Double level(Comparison comparison, Function<Comparison.Row, Double> value) {
    List<Comparison.Row> rows =
        comparison.methods().stream()
            .filter(row -> row.method().equals(Setting.REFERENCE))
            .toList();
    return rows.size() == 1 ? value.apply(rows.get(0)) : null;
  }

  /** The metric with the largest k that is defined wherever there are collapse metrics. */
  private static String relative(Comparison comparison) {
    List<Map<String, Double>> measured =
        comparison.methods().stream()
            .map(Comparison.Row::collapse)
            .filter(Objects::nonNull)
            .map(TrialResult.Collapse::finetuned)
            .toList();
    return measured.stream()
        .flatMap(metrics -> metrics.keySet().stream())
        .filter(key -> key.matches(RELATIVE + "\\d+"))
        .filter(key -> measured.stream().allMatch(metrics -> metrics.get(key) != null))
        .max(Comparator.comparingInt(key -> Integer.parseInt(key.substring(RELATIVE.length()))))
        .orElse(null);
  }
}
