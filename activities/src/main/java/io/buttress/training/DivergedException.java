package io.buttress.training;

/** The loss of a training step is NaN or infinite: what follows would tell nothing. */
final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int step;

  DivergedException(int step) {
    super("the loss is not finite at step " + step);
    this.step = step;
  }

  /** The first step whose loss was not finite. */
  int step() {
    return step;
  }
}
