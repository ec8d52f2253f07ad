package io.buttress.study;

import java.util.List;
import java.util.SortedMap;

/**
 * One setting of a fine-tuning method: a grid in the spec becomes several of these.
 *
 * @param parameters every parameter of the method, defaults filled in: {@link Double}, {@link
 *     Integer}, {@link String}, or a {@link List} of {@link Integer}
 */
public record Method(String id, SortedMap<String, Object> parameters) {

  /** A real parameter; integers widen. */
  public double number(String name) {
    return ((Number) value(name)).doubleValue();
  }

  /**
   * A whole number.
   *
   * @param absent stands for null
   */
  public int integer(String name, int absent) {
    return parameters.get(name) == null ? absent : ((Number) value(name)).intValue();
  }

  /** A text parameter. */
  public String text(String name) {
    return (String) value(name);
  }

  /** A parameter that is a set of integers, such as layer indices. */
  public List<Integer> integers(String name) {
    return ((List<?>) value(name)).stream().map(v -> ((Number) v).intValue()).toList();
  }

  private Object value(String name) {
    Object value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("method " + id + " has no parameter " + name);
    }
    return value;
  }
}
