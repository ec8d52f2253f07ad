package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.study.MethodCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.hipparchus.stat.StatUtils;

/** How often the methods fail and what they cost, over all tasks of a model and regime. */
public record Stability(String model, String regime, List<Row> methods) {
  /**
   * One setting of a method, its runs of all tasks together; where a study selects, the method with
   * a setting of its own on each task and without parameters.
   *
   * @param failedRuns {@code diverged + degenerate}
   * @param unfinished trials without a result
   * @param passes forward passes of a step, and as many backward; null for an unknown method
   * @param deviceHours training alone, sum over the runs
   * @param trainSeconds median over the tasks of the median over done runs; null without any
   * @param relativeSeconds geometric mean over the tasks of the ratio of that median to stl's with
   *     the same training; null where stl is nowhere beside it
   */
  public record Row(
      String method,
      SortedMap<String, Object> parameters,
      int runs,
      int failedRuns,
      int diverged,
      int degenerate,
      int unfinished,
      Integer passes,
      double deviceHours,
      Double trainSeconds,
      Double relativeSeconds) {}

  private static final double SECONDS_PER_HOUR = 3600;

  private record Group(String model, String regime) {}

  private record Placed(Comparison comparison, Comparison.Row row) {}

  /**
   * @param byMethod whether a method has one setting in each comparison, chosen there
   */
  static List<Stability> of(List<Comparison> comparisons, boolean byMethod) {
    Map<Group, Map<Setting, List<Placed>>> groups = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      Map<Setting, List<Placed>> settings =
          groups.computeIfAbsent(
              new Group(comparison.model(), comparison.regime()), group -> new LinkedHashMap<>());
      for (Comparison.Row row : comparison.methods()) {
        Setting setting = new Setting(row.method(), byMethod ? new TreeMap<>() : row.parameters());
        settings
            .computeIfAbsent(setting, key -> new ArrayList<>())
            .add(new Placed(comparison, row));
      }
    }
    List<Stability> stabilities = new ArrayList<>();
    groups.forEach(
        (group, settings) -> {
          List<Row> rows = new ArrayList<>();
          settings.forEach((setting, placed) -> rows.add(row(setting, placed, byMethod)));
          stabilities.add(new Stability(group.model(), group.regime(), rows));
        });
    return stabilities;
  }

  private static Row row(Setting setting, List<Placed> placed, boolean byMethod) {
    List<Comparison.Row> rows = placed.stream().map(Placed::row).toList();
    double[] seconds =
        rows.stream()
            .map(Comparison.Row::trainSeconds)
            .filter(Objects::nonNull)
            .mapToDouble(value -> value)
            .toArray();
    double[] ratios =
        placed.stream()
            .map(one -> ratio(one, byMethod))
            .filter(Objects::nonNull)
            .mapToDouble(value -> value)
            .toArray();
    return new Row(
        setting.method(),
        setting.parameters(),
        rows.stream().mapToInt(Comparison.Row::runs).sum(),
        rows.stream().mapToInt(Comparison.Row::failedRuns).sum(),
        rows.stream().mapToInt(Comparison.Row::diverged).sum(),
        rows.stream().mapToInt(Comparison.Row::degenerate).sum(),
        rows.stream().mapToInt(Comparison.Row::unfinished).sum(),
        MethodCatalog.find(setting.method()).map(MethodCatalog.Entry::passes).orElse(null),
        rows.stream().mapToDouble(Comparison.Row::deviceSeconds).sum() / SECONDS_PER_HOUR,
        seconds.length == 0 ? null : StatUtils.percentile(seconds, 50),
        ratios.length == 0 ? null : StatUtils.geometricMean(ratios));
  }

  /** The ratio of a row's seconds to those of stl on the same task; null where one is missing. */
  private static Double ratio(Placed placed, boolean byMethod) {
    Setting stl = new Setting(placed.row().method(), placed.row().parameters()).reference();
    Double reference =
        placed.comparison().methods().stream()
            .filter(row -> row.method().equals(stl.method()))
            .filter(row -> byMethod || row.parameters().equals(stl.parameters()))
            .map(Comparison.Row::trainSeconds)
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
    Double own = placed.row().trainSeconds();
    return own == null || reference == null || own <= 0 || reference <= 0 ? null : own / reference;
  }
}
