package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.study.Regime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The primary metric against the number of training examples, or against the share of wrong labels:
 * a chart for each model and task that has at least two of these, a line for each setting, with its
 * standard deviation over runs.
 */
final class Curves {
  private Curves() {}

  private record Group(String model, String task) {}

  /**
   * Over few-shot regimes; {@code full} is the last point.
   *
   * @param byMethod whether a method has one setting in each comparison, chosen there
   */
  static List<Chart> fewShot(
      List<Comparison> comparisons, List<ReportedTask> tasks, boolean byMethod) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    tasks.forEach(task -> sizes.put(task.id(), task.trainExamples()));
    return charts(
        comparisons,
        byMethod,
        new Chart.Axis("training examples, log scale", true),
        comparison -> number(Regime.named(comparison.regime()).examples()),
        comparison -> number(sizes.get(comparison.task())));
  }

  /** Over label-noise regimes; {@code full} is the fraction 0. */
  static List<Chart> labelNoise(List<Comparison> comparisons, boolean byMethod) {
    return charts(
        comparisons,
        byMethod,
        new Chart.Axis("share of wrong training labels", false),
        comparison -> Regime.named(comparison.regime()).fraction(),
        comparison -> 0.0);
  }

  private static List<Chart> charts(
      List<Comparison> comparisons,
      boolean byMethod,
      Chart.Axis axis,
      Function<Comparison, Double> place,
      Function<Comparison, Double> placeOfFull) {
    Map<Group, TreeMap<Double, Comparison>> groups = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      if (place.apply(comparison) != null) {
        groups
            .computeIfAbsent(group(comparison), group -> new TreeMap<>())
            .put(place.apply(comparison), comparison);
      }
    }
    groups.values().removeIf(points -> points.size() < 2);
    for (Comparison comparison : comparisons) {
      TreeMap<Double, Comparison> points = groups.get(group(comparison));
      if (points != null
          && comparison.regime().equals(Regime.FULL.id())
          && placeOfFull.apply(comparison) != null) {
        points.putIfAbsent(placeOfFull.apply(comparison), comparison);
      }
    }
    boolean manyModels = groups.keySet().stream().map(Group::model).distinct().count() > 1;
    List<Chart> charts = new ArrayList<>();
    groups.forEach(
        (group, points) -> {
          Comparison any = points.firstEntry().getValue();
          String title =
              manyModels ? group.task() + ", " + Format.model(group.model()) : group.task();
          List<Chart.Series> series = series(points, byMethod);
          if (!series.isEmpty()) {
            charts.add(
                new Chart(title, axis, new Chart.Axis(any.primaryMetric(), false), series)
                    .marked());
          }
        });
    return charts;
  }

  private static List<Chart.Series> series(TreeMap<Double, Comparison> points, boolean byMethod) {
    Map<Setting, List<Chart.Point>> lines = new LinkedHashMap<>();
    points.forEach(
        (x, comparison) ->
            comparison
                .methods()
                .forEach(
                    row -> {
                      Setting setting =
                          new Setting(row.method(), byMethod ? new TreeMap<>() : row.parameters());
                      if (row.mean() != null) {
                        double spread =
                            row.standardDeviation() == null ? 0 : row.standardDeviation();
                        lines
                            .computeIfAbsent(setting, key -> new ArrayList<>())
                            .add(new Chart.Point(x, row.mean(), spread));
                      }
                    }));
    List<Chart.Series> series = new ArrayList<>();
    lines.forEach(
        (setting, line) -> {
          line.sort(Comparator.comparingDouble(Chart.Point::x));
          series.add(Chart.Series.line(setting.amid(lines.keySet()).name(), line));
        });
    return series;
  }

  private static Group group(Comparison comparison) {
    return new Group(comparison.model(), comparison.task());
  }

  private static Double number(Integer value) {
    return value == null ? null : value.doubleValue();
  }
}
