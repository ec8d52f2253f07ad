package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.activity.Activity;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;

final class ActivityFailuresTest {

  @Test
  void theCauseIsAKindAndNeverAMessage() {
    assertThat(ActivityFailures.cause(new OutOfMemoryError("Java heap space")))
        .isEqualTo("OutOfMemoryError");
    assertThat(
            ActivityFailures.cause(
                Activity.wrap(new IOException("no bucket", new ConnectException("refused")))))
        .isEqualTo("ConnectException");
  }

  @Test
  void anActivitysOwnTypeOfFailureIsItsCause() {
    assertThat(
            ActivityFailures.cause(ApplicationFailure.newNonRetryableFailure("x", "InvalidData")))
        .isEqualTo("InvalidData");
    assertThat(
            ActivityFailures.cause(
                ApplicationFailure.newFailure("x", "java.io.UncheckedIOException")))
        .isEqualTo("UncheckedIOException");
  }
}
