package io.buttress.training;

/** Tells from one score after the other whether there is hope of a better one. */
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

  boolean isExhausted() {
    return without >= most;
  }
}
