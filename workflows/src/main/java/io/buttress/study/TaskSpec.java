package io.buttress.study;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A task of a study, complete: a catalogue entry overlaid with what the study says.
 *
 * @param id name in results, unique in a study
 * @param labels label values in class order; null: the sorted distinct labels of train
 * @param train URI of the training examples
 * @param validation URI of the reported examples
 * @param test URI of a further labelled set, or null
 * @param format {@code tsv}, {@code csv}, {@code jsonl} or {@code parquet}; null: by file extension
 * @param columns column names of a file without a header row; null: the file has one
 * @param text one column, or two for sentence pairs
 * @param label the label's column
 * @param metric metric keys whose mean is the primary metric
 * @param outOfDistribution further sets to evaluate on; null: none
 * @param limit use the first n training examples after a shuffle with seed 0; null: all
 */
@RecordBuilder
public record TaskSpec(
    String id,
    TaskKind kind,
    List<String> labels,
    String train,
    String validation,
    String test,
    String format,
    List<String> columns,
    List<String> text,
    String label,
    List<String> metric,
    List<OutOfDistribution> outOfDistribution,
    Integer limit) {

  /** The out-of-distribution set that is a split of the task's dataset. */
  public Optional<OutOfDistribution> outOfDistribution(String split) {
    return outOfDistribution == null
        ? Optional.empty()
        : outOfDistribution.stream().filter(set -> set.split().equals(split)).findFirst();
  }

  /**
   * How the sets that differ from the task in columns or labels are read, by split; part of what
   * decides a dataset.
   */
  public Map<String, Object> outOfDistributionReadings() {
    Map<String, Object> readings = new TreeMap<>();
    if (outOfDistribution != null) {
      outOfDistribution.stream()
          .filter(set -> !set.reading().isEmpty())
          .forEach(set -> readings.put(set.split(), set.reading()));
    }
    return readings;
  }
}
