package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Calls of a service that wait, and are to end when their thread is interrupted. */
public final class Interruption {
  private Interruption() {}

  /**
   * Asserts that a call fails soon after it is interrupted, and leaves its thread so.
   *
   * @param waiting open as soon as the call waits
   */
  public static void ends(CountDownLatch waiting, ThrowingCallable call) throws Exception {
    FutureTask<Boolean> interrupted =
        new FutureTask<>(
            () -> {
              assertThatThrownBy(call).isInstanceOf(IOException.class);
              return Thread.currentThread().isInterrupted();
            });
    Thread thread = new Thread(interrupted);
    thread.start();
    assertThat(waiting.await(20, TimeUnit.SECONDS)).isTrue();
    thread.interrupt();
    assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
  }
}
