package io.buttress.dataset;

import io.buttress.study.DataFile;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A task's examples as text.
 *
 * @param labels label values in class order; empty for regression
 */
record TextDataset(List<String> labels, SortedMap<String, Split> splits) {

  /**
   * Examples in file order (train: after {@code limit}'s shuffle and cut).
   *
   * @param texts one or two texts an example, none blank
   * @param targets class index, or score
   */
  record Split(List<List<String>> texts, float[] targets) {}

  /**
   * Reads a task's files.
   *
   * @throws InvalidDataException naming file and line
   */
  static TextDataset read(ResolvedTask task, Inputs inputs) throws IOException {
    TaskSpec spec = task.spec();
    SortedMap<String, Reading> readings = new TreeMap<>();
    SortedMap<String, List<Row>> rows = new TreeMap<>();
    for (Map.Entry<String, DataFile> split : task.splits().entrySet()) {
      Reading reading = Reading.of(spec, split.getKey());
      readings.put(split.getKey(), reading);
      rows.put(split.getKey(), rows(spec, split.getValue(), inputs, reading));
    }
    Targets targets =
        Targets.of(spec, task.splits().get(ResolvedTask.TRAIN).uri(), rows.get(ResolvedTask.TRAIN));
    SortedMap<String, Split> splits = new TreeMap<>();
    for (Map.Entry<String, List<Row>> split : rows.entrySet()) {
      String uri = task.splits().get(split.getKey()).uri();
      Reading reading = readings.get(split.getKey());
      Split examples = examples(split.getValue(), uri, reading.text(), targets.as(reading));
      boolean cut = split.getKey().equals(ResolvedTask.TRAIN) && spec.limit() != null;
      splits.put(split.getKey(), cut ? limit(examples, spec.limit()) : examples);
    }
    return new TextDataset(targets.labels(), splits);
  }

  /**
   * How a split is read: as the task says, unless an out-of-distribution set says otherwise.
   *
   * @param labels in class order; null: those of train
   * @param drop labels whose examples are left out
   */
  private record Reading(List<String> text, String label, List<String> labels, List<String> drop) {

    static Reading of(TaskSpec spec, String split) {
      OutOfDistribution set = spec.outOfDistribution(split).orElse(null);
      if (set == null) {
        return new Reading(spec.text(), spec.label(), spec.labels(), List.of());
      }
      return new Reading(
          set.text() == null ? spec.text() : set.text(),
          set.label() == null ? spec.label() : set.label(),
          set.labels() == null
              ? spec.labels()
              : set.labels().stream().map(CoarseLabel::label).toList(),
          set.drop() == null ? List.of() : set.drop());
    }

    List<String> columns() {
      List<String> columns = new ArrayList<>(text);
      columns.add(label);
      return columns;
    }
  }

  private static List<Row> rows(TaskSpec spec, DataFile file, Inputs inputs, Reading reading)
      throws IOException {
    DataFormat format =
        DataFormat.of(file.format())
            .orElseThrow(
                () ->
                    new InvalidDataException(
                        file.uri(), 0, "unknown format '" + file.format() + "'"));
    List<Row> rows =
        format.read(inputs.file(file), file.uri(), spec.columns(), reading.columns()).stream()
            .filter(row -> !reading.drop().contains(label(row)))
            .toList();
    if (rows.isEmpty()) {
      throw new InvalidDataException(file.uri(), 0, "every row has a label to drop");
    }
    return format == DataFormat.PARQUET && reading.labels() != null
        ? ClassIndices.named(rows, reading.labels(), file.uri())
        : rows;
  }

  private static String label(Row row) {
    return row.fields().get(row.fields().size() - 1);
  }

  private static Split examples(List<Row> rows, String uri, List<String> columns, Targets targets) {
    List<List<String>> texts = new ArrayList<>(rows.size());
    float[] values = new float[rows.size()];
    for (int i = 0; i < values.length; i++) {
      Row row = rows.get(i);
      for (int j = 0; j < columns.size(); j++) {
        if (row.fields().get(j).isBlank()) {
          throw new InvalidDataException(
              uri, row.line(), "the text in '" + columns.get(j) + "' is empty");
        }
      }
      texts.add(row.fields().subList(0, columns.size()));
      values[i] = targets.of(row, uri);
    }
    return new Split(texts, values);
  }

  private static Split limit(Split all, int limit) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < all.targets().length; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(0));
    List<Integer> kept = order.subList(0, Math.min(limit, order.size()));
    float[] targets = new float[kept.size()];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = all.targets()[kept.get(i)];
    }
    return new Split(kept.stream().map(all.texts()::get).toList(), targets);
  }

  /** Turns the last field of a row into a target. */
  private record Targets(TaskKind kind, List<String> labels, boolean given, String column) {

    static Targets of(TaskSpec spec, String uri, List<Row> train) {
      if (spec.kind() == TaskKind.REGRESSION) {
        return new Targets(spec.kind(), List.of(), false, spec.label());
      }
      if (spec.labels() != null) {
        return new Targets(spec.kind(), spec.labels(), true, spec.label());
      }
      List<String> labels = train.stream().map(TextDataset::label).distinct().sorted().toList();
      if (labels.size() < 2) {
        throw new InvalidDataException(
            uri, 0, "every row has the same '" + spec.label() + "'; there must be two labels");
      }
      return new Targets(spec.kind(), labels, false, spec.label());
    }

    /** For an out-of-distribution set, whose label column and labels may be its own. */
    Targets as(Reading reading) {
      return reading.labels() == null
          ? new Targets(kind, labels, given, reading.label())
          : new Targets(kind, reading.labels(), true, reading.label());
    }

    float of(Row row, String uri) {
      return kind == TaskKind.REGRESSION ? score(row, uri) : index(row, uri);
    }

    private int index(Row row, String uri) {
      int index = labels.indexOf(label(row));
      if (index < 0) {
        throw new InvalidDataException(
            uri,
            row.line(),
            "the label in '"
                + column
                + "' is "
                + (given
                    ? "none of the task's: " + String.join(", ", labels)
                    : "none of train's " + labels.size()));
      }
      return index;
    }

    private float score(Row row, String uri) {
      float score;
      try {
        score = new BigDecimal(label(row)).floatValue();
      } catch (NumberFormatException e) {
        throw new InvalidDataException(
            uri, row.line(), "the score in '" + column + "' is not a number");
      }
      if (!Float.isFinite(score)) {
        throw new InvalidDataException(
            uri, row.line(), "the score in '" + column + "' is too large");
      }
      return score;
    }
  }
}
