package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.statistics.Statistic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;

/** Further metrics of the methods on a task: a column each, mean and standard deviation. */
record ResultTable(List<String> columns, List<Row> rows) {

  record Row(String method, String parameters, List<Cell> cells) {}

  record Cell(String text, boolean best, boolean second) {}

  /**
   * @param metrics of a row by name of the column; null without any
   * @param marks whether more is better, so that the best two of a column are marked
   * @return null when no row has any
   */
  static ResultTable of(
      Comparison comparison,
      Function<Comparison.Row, Map<String, Statistic>> metrics,
      boolean marks) {
    List<Comparison.Row> rows =
        comparison.methods().stream().filter(row -> metrics.apply(row) != null).toList();
    if (rows.isEmpty()) {
      return null;
    }
    TreeSet<String> columns = new TreeSet<>();
    rows.forEach(row -> columns.addAll(metrics.apply(row).keySet()));
    List<List<Double>> orders = new ArrayList<>();
    for (String column : columns) {
      orders.add(
          rows.stream()
              .map(row -> metrics.apply(row).get(column))
              .filter(Objects::nonNull)
              .map(Statistic::mean)
              .distinct()
              .sorted(Comparator.reverseOrder())
              .toList());
    }
    List<Row> shown = new ArrayList<>();
    for (Comparison.Row row : rows) {
      List<Cell> cells = new ArrayList<>();
      for (String column : columns) {
        List<Double> order = orders.get(cells.size());
        Statistic statistic = metrics.apply(row).get(column);
        boolean marked = marks && order.size() > 1 && statistic != null;
        int place = marked ? order.indexOf(statistic.mean()) : -1;
        cells.add(new Cell(Format.statistic(statistic), place == 0, place == 1));
      }
      Setting setting = new Setting(row.method(), row.parameters());
      shown.add(new Row(row.method(), setting.described(), cells));
    }
    return new ResultTable(List.copyOf(columns), shown);
  }
}
