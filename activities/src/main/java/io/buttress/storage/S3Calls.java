package io.buttress.storage;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import io.buttress.access.TlsProblem;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InsufficientDataException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.MinioException;
import io.minio.errors.ServerException;
import io.minio.errors.XmlParserException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLHandshakeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls of the object store, which must be repeatable: they are tried again for what its client
 * does not, broken connections, a busy server and racing writers, until their patience ends.
 */
final class S3Calls {
  private static final Logger LOG = LoggerFactory.getLogger(S3Calls.class);
  private static final Duration FIRST_DELAY = Duration.ofMillis(200);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

  /** 409: another conditional write of the key is under way. */
  private static final Set<Integer> TRANSIENT_STATUS = Set.of(408, 409, 429, 500, 502, 503, 504);

  /** S3 sends these with other statuses, too: 400, or 200 when it has begun to answer. */
  private static final Set<String> TRANSIENT_CODE =
      Set.of("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "IncompleteBody");

  private final S3Messages messages;
  private final RetryCounter retryCounter;
  private final FailsafeExecutor<Object> retries;

  S3Calls(S3Messages messages, Duration patience, RetryCounter retryCounter) {
    this.messages = messages;
    this.retryCounter = retryCounter;
    this.retries =
        Failsafe.with(
            RetryPolicy.builder()
                .handleIf(S3Calls::isTransient)
                .withMaxRetries(-1)
                .withMaxDuration(patience)
                // Full jitter: each delay is drawn from zero to twice the step.
                .withBackoff(FIRST_DELAY, LONGEST_DELAY)
                .withJitter(1)
                .onRetryScheduled(
                    event -> {
                      count(event.getLastException());
                      LOG.info(
                          "the object store fails, trying again in {} ms: {}",
                          event.getDelay().toMillis(),
                          messages.of(event.getLastException()));
                    })
                .build());
  }

  /** One call of the client. */
  @FunctionalInterface
  interface Call<T> {
    T run() throws MinioException;
  }

  /**
   * @param what completes "cannot ..."
   * @throws IOException with one line that says what is wrong and which settings to look at
   */
  <T> T run(String what, Call<T> call) throws IOException {
    try {
      return retries.get(call::run);
    } catch (FailsafeException | IllegalStateException e) {
      // Checked exceptions come wrapped; the client reports broken connections unchecked.
      if (isInterruption(e)) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting to " + what, e);
      }
      if (e.getCause() instanceof MinioException problem) {
        throw messages.failed(what, problem);
      }
      if (e.getCause() instanceof IOException || TlsProblem.of(e).isPresent()) {
        throw messages.failed(what, e);
      }
      throw e;
    }
  }

  private void count(Throwable problem) {
    if (problem instanceof ErrorResponseException response) {
      retryCounter.status(response.response().code());
    } else if (problem instanceof ServerException server) {
      retryCounter.status(server.statusCode());
    } else {
      retryCounter.problem(problem);
    }
  }

  private static boolean isTransient(Throwable problem) {
    if (problem instanceof ErrorResponseException response) {
      return TRANSIENT_STATUS.contains(response.response().code())
          || TRANSIENT_CODE.contains(response.errorResponse().code());
    }
    if (problem instanceof ServerException server) {
      return TRANSIENT_STATUS.contains(server.statusCode());
    }
    return problem instanceof XmlParserException
        || problem instanceof InvalidResponseException
        || problem instanceof InsufficientDataException
        || (problem.getCause() instanceof IOException cause
            && !(cause instanceof FileSystemException)
            && !(cause instanceof FileNotFoundException)
            && !(cause instanceof SSLHandshakeException)
            && TlsProblem.of(cause).orElse(TlsProblem.OTHER) == TlsProblem.OTHER);
  }

  private static boolean isInterruption(Throwable problem) {
    for (Throwable t = problem; t != null; t = t.getCause()) {
      if (t instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }
}
