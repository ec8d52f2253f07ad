package io.buttress.study;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A further set to evaluate a task's models on.
 *
 * @param file its URI
 * @param name in results
 * @param text its text columns; null: the task's
 * @param label its label's column; null: the task's
 * @param labels its labels in class order, where they are coarser than the task's; null: the task's
 * @param drop values of its label column whose examples are left out; null: none
 */
public record OutOfDistribution(
    String file,
    String name,
    List<String> text,
    String label,
    List<CoarseLabel> labels,
    List<String> drop) {

  /** Annotated, because Jackson would otherwise know the delegating constructor alone. */
  @JsonCreator
  public OutOfDistribution {}

  /** A set with the columns and labels of its task, named by its base name. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public OutOfDistribution(String file) {
    this(file, DataUris.baseName(file), null, null, null, null);
  }

  /**
   * A label of the set.
   *
   * @param of the labels of the task that count as it
   */
  public record CoarseLabel(String label, List<String> of) {}

  /** The set's split in a dataset. */
  public String split() {
    return "ood:" + name;
  }

  /** What decides its examples besides the file and what the task says. */
  Map<String, Object> reading() {
    Map<String, Object> reading = new TreeMap<>();
    reading.put("text", text);
    reading.put("label", label);
    reading.put("labels", labels);
    reading.put("drop", drop);
    reading.values().removeIf(value -> value == null);
    return reading;
  }
}
