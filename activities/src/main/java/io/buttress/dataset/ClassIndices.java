package io.buttress.dataset;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Labels stored as numbers of classes, as the Hub's data sets have them. Where some label's name is
 * itself a whole number, numbers are names: what a number means depends on the task alone, never on
 * the row.
 */
final class ClassIndices {
  private static final Pattern WHOLE = Pattern.compile("-?\\d+");

  private ClassIndices() {}

  /**
   * Rows whose last field is a label's name wherever it was a class's index.
   *
   * @param labels names in class order
   * @throws InvalidDataException naming file and row when there is no such class
   */
  static List<Row> named(List<Row> rows, List<String> labels, String uri) {
    if (labels.stream().anyMatch(label -> WHOLE.matcher(label).matches())) {
      return rows;
    }
    return rows.stream().map(row -> named(row, labels, uri)).toList();
  }

  private static Row named(Row row, List<String> labels, String uri) {
    int last = row.fields().size() - 1;
    String field = row.fields().get(last);
    if (!WHOLE.matcher(field).matches()) {
      return row;
    }
    List<String> fields = new ArrayList<>(row.fields());
    fields.set(last, name(field, labels, uri, row.line()));
    return new Row(row.line(), fields);
  }

  private static String name(String index, List<String> labels, String uri, int line) {
    for (int i = 0; i < labels.size(); i++) {
      if (index.equals(Integer.toString(i))) {
        return labels.get(i);
      }
    }
    throw new InvalidDataException(
        uri,
        line,
        index.equals("-1")
            ? "the label is -1: by the Hub's convention the example has none"
            : "the label is class "
                + index
                + ", and classes 0 to "
                + (labels.size() - 1)
                + " have names");
  }
}
