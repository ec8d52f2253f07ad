package io.buttress.study;

import java.util.List;
import java.util.Optional;

/** The fine-tuning methods of this version and their parameters. */
public final class MethodCatalog {
  private static final List<Entry> ENTRIES =
      List.of(
          new Entry("stl", "standard fine-tuning: the task loss alone", List.of(), false),
          new Entry(
              "repina-i",
              "REPINA with identity projection: keeps representations near the pre-trained ones",
              List.of(
                  Parameter.number("lambda", 0.01, Range.atLeast(0), 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
                  Parameter.layers("layers", -1),
                  Parameter.choice("pooling", "cls", "cls", "mean")),
              true));

  private MethodCatalog() {}

  /** Every method, in the order to list them. */
  public static List<Entry> entries() {
    return ENTRIES;
  }

  public static Optional<Entry> find(String id) {
    return ENTRIES.stream().filter(entry -> entry.id().equals(id)).findFirst();
  }

  /**
   * A method.
   *
   * @param summary one line
   * @param usesTrainSnapshot compares with the pre-trained representations of the training set, at
   *     its parameters {@code layers} and {@code pooling}
   */
  public record Entry(
      String id, String summary, List<Parameter> parameters, boolean usesTrainSnapshot) {}
}
