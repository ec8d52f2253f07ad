package io.buttress.report;

import io.buttress.result.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Results for a paper: a table for each model and regime, methods by tasks; a few tasks each, so
 * that it fits a page.
 */
record LatexTables(String study, List<Table> tables) {
  private static final int TASKS = 5;

  /**
   * @param alignment of the columns of tasks
   * @param descriptiveOnly whether somewhere a method has too few runs to call one better
   */
  record Table(
      String model,
      String regime,
      List<Column> columns,
      String alignment,
      boolean descriptiveOnly,
      List<Row> rows) {
    /** Whether there is an interval in it. */
    boolean compared() {
      return rows.stream().anyMatch(Row::compared);
    }
  }

  record Column(String task, String metric) {}

  record Row(String method, List<Cell> cells) {
    /** Whether there is an interval in it. */
    boolean compared() {
      return cells.stream().anyMatch(cell -> cell.interval() != null);
    }
  }

  /**
   * @param mean null without a run
   * @param deviation null for a single run
   * @param interval of the difference to stl; null without
   */
  record Cell(String mean, String deviation, String interval, boolean best, boolean second) {}

  private record Group(String model, String regime) {}

  /**
   * @param byMethod whether a method has one setting in each comparison, chosen there
   */
  static LatexTables of(String study, List<Comparison> comparisons, boolean byMethod) {
    Map<Group, List<Comparison>> groups = new LinkedHashMap<>();
    for (Comparison comparison : comparisons) {
      groups
          .computeIfAbsent(
              new Group(comparison.model(), comparison.regime()), group -> new ArrayList<>())
          .add(comparison);
    }
    List<Table> tables = new ArrayList<>();
    for (List<Comparison> all : groups.values()) {
      for (int from = 0; from < all.size(); from += TASKS) {
        tables.add(table(all.subList(from, Math.min(all.size(), from + TASKS)), byMethod));
      }
    }
    return new LatexTables(study, tables);
  }

  private static Table table(List<Comparison> comparisons, boolean byMethod) {
    Set<Setting> settings = new LinkedHashSet<>();
    for (Comparison comparison : comparisons) {
      comparison.methods().forEach(row -> settings.add(setting(row, byMethod)));
    }
    List<Row> rows = new ArrayList<>();
    for (Setting setting : settings) {
      List<Cell> cells = new ArrayList<>();
      for (Comparison comparison : comparisons) {
        cells.add(
            comparison.methods().stream()
                .filter(row -> setting(row, byMethod).equals(setting))
                .findFirst()
                .map(row -> cell(comparison, row))
                .orElse(new Cell(null, null, null, false, false)));
      }
      rows.add(new Row(setting.amid(settings).name(), cells));
    }
    return new Table(
        Format.model(comparisons.get(0).model()),
        comparisons.get(0).regime(),
        comparisons.stream().map(one -> new Column(one.task(), one.primaryMetric())).toList(),
        "r".repeat(comparisons.size()),
        comparisons.stream().anyMatch(Comparison::descriptiveOnly),
        rows);
  }

  private static Setting setting(Comparison.Row row, boolean byMethod) {
    return new Setting(row.method(), byMethod ? new TreeMap<>() : row.parameters());
  }

  private static Cell cell(Comparison comparison, Comparison.Row row) {
    int place = comparison.place(row);
    return new Cell(
        row.mean() == null ? null : Format.metric(row.mean()),
        row.standardDeviation() == null ? null : Format.metric(row.standardDeviation()),
        row.interval() == null ? null : Format.interval(row.interval()),
        place == 0,
        place == 1);
  }
}
