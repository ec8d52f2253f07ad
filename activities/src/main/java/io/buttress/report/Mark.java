package io.buttress.report;

/**
 * How the lines of one picture are told apart.
 *
 * @param colour index into the page's palette
 * @param dash pattern, which tells lines apart once colours repeat: solid, dashed, dotted
 */
record Mark(int colour, int dash) {
  /** Grey and solid: a reference, and what stays in the background. */
  static final Mark QUIET = new Mark(0, 0);

  /** Grey and dashed: a level or line that others are compared with. */
  static final Mark DASHED = new Mark(0, 1);

  /** Colours beside grey. */
  static final int COLOURS = 7;

  private static final int DASHES = 3;

  /** The mark of the line with this index. */
  static Mark of(int index) {
    return new Mark(index % COLOURS + 1, index / COLOURS % DASHES);
  }
}
