package io.buttress.encoding;

/** Is told where a long computation is, after every step; may throw to end it. */
@FunctionalInterface
public interface Progress {
  /**
   * @param step steps done
   * @param steps in total
   * @param loss the last one known, or null
   */
  void at(int step, int steps, Double loss);
}
