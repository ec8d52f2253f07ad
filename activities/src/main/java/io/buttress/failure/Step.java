package io.buttress.failure;

/** The body of an activity. */
@FunctionalInterface
public interface Step<T> {

  T body() throws Exception;

  /** Runs it; whatever it throws leaves as {@link StepFailure} makes of it. */
  static <T> T run(Step<T> step) {
    try {
      return step.body();
    } catch (Throwable thrown) {
      throw StepFailure.of(thrown);
    }
  }
}
