package io.buttress.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import io.buttress.activity.Failures;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Problem;
import io.temporal.activity.Activity;
import io.temporal.client.ActivityCanceledException;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StepFailureTest {
  @Test
  void aPermanentExceptionKeepsTypeAndMessage() {
    IOException known = new Known("config.json: no such layer");

    for (Throwable thrown :
        List.of(
            known,
            Activity.wrap(known),
            new UncheckedIOException(known),
            new IOException(known.getMessage(), known))) {
      ApplicationFailure failure = permanent(thrown);
      assertThat(failure.getType()).isEqualTo("Known");
      assertThat(failure.getOriginalMessage()).isEqualTo("config.json: no such layer");
    }
    ApplicationFailure failure =
        permanent(new InvalidStudyException(List.of(new Problem("seeds", "must not be empty"))));
    assertThat(failure.getType()).isEqualTo(Failures.INVALID_STUDY);
    assertThat(failure.getOriginalMessage()).isEqualTo("seeds: must not be empty");
  }

  @ParameterizedTest
  @MethodSource
  void aMistakeIsNotMadeAgain(Throwable mistake) {
    ApplicationFailure failure = permanent(mistake);
    assertThat(failure.getType()).isEqualTo(mistake.getClass().getName());
    assertThat(failure.getOriginalMessage()).isEqualTo(mistake.getMessage());
    assertThat(failure.getStackTrace()).as("says where").isEqualTo(mistake.getStackTrace());
    assertThat(failure.getCause()).isSameAs(mistake.getCause());
  }

  static List<Throwable> aMistakeIsNotMadeAgain() {
    return List.of(
        new NullPointerException("no labels"),
        new IllegalArgumentException("no such metric"),
        new IllegalStateException("twice", new IndexOutOfBoundsException(3)),
        new ReflectiveOperationException("checked"),
        new AssertionError("never"));
  }

  @ParameterizedTest
  @MethodSource
  void whatMayPassIsTriedAgain(Exception passing) {
    assertThat(StepFailure.of(passing)).isSameAs(Activity.wrap(passing));
  }

  static List<Exception> whatMayPassIsTriedAgain() {
    return List.of(
        new UncheckedIOException(new IOException("refused")),
        new IllegalStateException(new IOException("cut off")),
        new EngineException("CUDA out of memory"),
        Activity.wrap(new InterruptedException()),
        new RejectedExecutionException("shut down"));
  }

  @Test
  void checkedExceptionsAndErrorsThatMayPassAreTriedAgain() {
    IOException io = new IOException("refused");
    assertThat(StepFailure.of(io)).isNotInstanceOf(ApplicationFailure.class).hasCause(io);
    OutOfMemoryError memory = new OutOfMemoryError("Java heap space");
    assertThatThrownBy(() -> StepFailure.of(memory)).isSameAs(memory);
  }

  @Test
  void whatTemporalKnowsStaysAsItIs() {
    ApplicationFailure handedOver = ApplicationFailure.newFailure("told to stop", "HandedOver");
    assertThat(StepFailure.of(handedOver)).isSameAs(handedOver);
    ActivityCanceledException cancelled = new ActivityCanceledException();
    assertThat(StepFailure.of(cancelled)).isSameAs(cancelled);
    assertThat(StepFailure.of(new IllegalStateException(cancelled))).isSameAs(cancelled);
  }

  private static ApplicationFailure permanent(Throwable thrown) {
    RuntimeException failure = StepFailure.of(thrown);
    assertThat(failure)
        .isInstanceOfSatisfying(
            ApplicationFailure.class, it -> assertThat(it.isNonRetryable()).isTrue());
    return (ApplicationFailure) failure;
  }

  private static final class Known extends IOException implements Permanent {
    private static final long serialVersionUID = 1L;

    Known(String message) {
      super(message);
    }

    @Override
    public String type() {
      return "Known";
    }
  }
}
