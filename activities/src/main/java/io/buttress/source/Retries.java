package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import dev.failsafe.ExecutionContext;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import dev.failsafe.RetryPolicyBuilder;
import dev.failsafe.function.CheckedPredicate;
import io.buttress.storage.DiskWriteException;
import io.buttress.storage.RetryCounter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries again what fails and may pass: failures for as long as the {@link Pace} has patience, and a
 * server that asks to wait a few times, whatever that takes. Safe for many threads.
 */
final class Retries {
  private static final Logger LOG = LoggerFactory.getLogger(Retries.class);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);
  private static final int MOST_WAITS = 5;

  private final Object server;
  private final Pace pace;
  private final RetryCounter counter;
  private final FailsafeExecutor<Object> executor;

  /**
   * @param server who is called; {@code toString} is its name in messages
   */
  Retries(Object server, Pace pace, MetricRegistry metrics, String place) {
    this.server = server;
    this.pace = pace;
    this.counter = new RetryCounter(metrics, place);
    RetryPolicy<Object> failing =
        policy(Retries::isTransient).withMaxRetries(-1).withMaxDuration(pace.patience()).build();
    RetryPolicy<Object> waiting = policy(Retries::asksToWait).withMaxRetries(MOST_WAITS).build();
    this.executor = Failsafe.with(waiting, failing);
  }

  @FunctionalInterface
  interface Attempt<T> {
    T run() throws Refusal, IOException;
  }

  <T> T of(Attempt<T> attempt) throws Refusal, IOException {
    try {
      return executor.get(attempt::run);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof Refusal refusal) {
        throw refusal;
      }
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + server);
      }
      throw (IOException) e.getCause();
    }
  }

  /** Whether trying again may help. */
  static boolean isTransient(Throwable problem) {
    return problem instanceof SocketTimeoutException
        || problem instanceof IOException
            && !(problem instanceof BusyException busy && busy.retryAfter() != null)
            && !(problem instanceof FinalException)
            && !(problem instanceof InterruptedIOException)
            && !(problem instanceof FileSystemException)
            && !(problem instanceof DiskWriteException)
            && !(problem instanceof SSLHandshakeException)
            && !(problem instanceof SSLPeerUnverifiedException);
  }

  /** A wait that is asked for may be longer than the patience with failures. */
  private static boolean asksToWait(Throwable problem) {
    return problem instanceof BusyException busy
        && busy.retryAfter() != null
        && busy.retryAfter().compareTo(LONGEST_WAIT) <= 0;
  }

  private RetryPolicyBuilder<Object> policy(CheckedPredicate<Throwable> handled) {
    return RetryPolicy.builder()
        .handleIf(handled)
        .withDelayFn(this::delay)
        .onRetryScheduled(
            event -> {
              count(event.getLastException());
              LOG.info(
                  "{} fails, trying again in {} ms: {}",
                  server,
                  event.getDelay().toMillis(),
                  String.valueOf(event.getLastException()));
            });
  }

  private void count(Throwable problem) {
    if (problem instanceof BusyException busy) {
      counter.status(busy.status());
    } else {
      counter.problem(problem);
    }
  }

  /** Doubles, with jitter of as much again; on top of what the server asks for. */
  private Duration delay(ExecutionContext<Object> context) {
    double step = pace.firstDelay().toMillis() * Math.pow(2, context.getAttemptCount() - 1);
    double capped = Math.min(step, pace.longestDelay().toMillis());
    long drawn = (long) (capped * 2 * ThreadLocalRandom.current().nextDouble());
    Throwable problem = context.getLastException();
    if (problem instanceof BusyException busy && busy.retryAfter() != null) {
      return busy.retryAfter().plusMillis(drawn);
    }
    return Duration.ofMillis(drawn);
  }
}
