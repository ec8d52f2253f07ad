package io.buttress.training;

/** Decides after each evaluation whether training should go on. */
final class Patience {
  private final int most;
  private double best = Double.NEGATIVE_INFINITY;
  private int without;

  /**
   * @param most scores in a row without improvement after which there is none
   */
  Patience(int most) {
    this.most = most;
  }

  /**
   * Takes the next score.
   *
   * @param score null where undefined, which is no improvement
   * @return whether it is greater than every one before
   */
  boolean improves(Double score) {
    if (score != null && score > best) {
      best = score;
      without = 0;
      return true;
    }
    without++;
    return false;
  }

  /**
   * What it has seen.
   *
   * @param best null before the first score
   */
  record State(Double best, int without) {}

  State state() {
    return new State(best == Double.NEGATIVE_INFINITY ? null : best, without);
  }

  void restore(State state) {
    best = state.best() == null ? Double.NEGATIVE_INFINITY : state.best();
    without = state.without();
  }

  boolean isExhausted() {
    return without >= most;
  }
}
