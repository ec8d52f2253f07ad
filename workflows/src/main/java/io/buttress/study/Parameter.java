package io.buttress.study;

import java.util.List;

/**
 * A parameter of a method or of the training, as studies may set it.
 *
 * @param defaultValue used when a study does not set it; null: none, and null may be written
 * @param range for numbers
 * @param choices for {@link Kind#CHOICE}
 * @param grid what the text {@code grid} stands for; empty: nothing
 */
public record Parameter(
    String name,
    Kind kind,
    Object defaultValue,
    Range range,
    List<String> choices,
    List<? extends Number> grid) {

  /** The type of a parameter's value. */
  public enum Kind {
    /** A {@link Double}. */
    NUMBER,
    /** An {@link Integer}. */
    INTEGER,
    /** A {@link String}. */
    CHOICE,
    /** A sorted list of {@link Integer}: indices into the hidden states, -1 = last. */
    LAYERS
  }

  static Parameter number(String name, Double defaultValue, Range range, Double... grid) {
    return new Parameter(name, Kind.NUMBER, defaultValue, range, List.of(), List.of(grid));
  }

  static Parameter integer(String name, Integer defaultValue, Range range, Integer... grid) {
    return new Parameter(name, Kind.INTEGER, defaultValue, range, List.of(), List.of(grid));
  }

  static Parameter choice(String name, String defaultValue, String... choices) {
    return new Parameter(name, Kind.CHOICE, defaultValue, Range.ANY, List.of(choices), List.of());
  }

  static Parameter layers(String name, Integer... defaultValue) {
    return new Parameter(name, Kind.LAYERS, List.of(defaultValue), Range.ANY, List.of(), List.of());
  }

  boolean nullable() {
    return defaultValue == null;
  }

  /** One value; null, with a problem noted, when it is wrong. */
  Object read(SpecNode node) {
    return switch (kind) {
      case NUMBER -> node.number(range);
      case INTEGER -> node.integer(range);
      case CHOICE -> node.choice(choices);
      case LAYERS -> {
        List<Integer> layers = node.integerSet(range);
        yield layers.isEmpty() ? null : layers;
      }
    };
  }
}
