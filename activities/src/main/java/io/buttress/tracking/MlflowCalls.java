package io.buttress.tracking;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import io.buttress.storage.RetryCounter;
import java.io.IOException;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/**
 * Calls of the tracking server that end: its Java client waits for an answer for ever, so a call
 * that takes too long has its client closed under it. Every call has a client to itself meanwhile.
 *
 * <p>Calls must be repeatable: one that fails because the server is down or busy is tried again a
 * few times, within its limit.
 */
final class MlflowCalls implements AutoCloseable {
  private static final int TOO_MANY_REQUESTS = 429;

  private final Supplier<MlflowClient> clients;
  private final Duration limit;
  private final Deque<MlflowClient> idle = new ConcurrentLinkedDeque<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "mlflow");
            thread.setDaemon(true);
            return thread;
          });
  private final FailsafeExecutor<Object> retries;

  MlflowCalls(Supplier<MlflowClient> clients, Duration limit, RetryCounter retryCounter) {
    this.clients = clients;
    this.limit = limit;
    this.retries =
        Failsafe.with(
            RetryPolicy.builder()
                .handleIf(MlflowCalls::isTransient)
                .withMaxRetries(4)
                .withMaxDuration(limit)
                .withBackoff(Duration.ofMillis(500), Duration.ofSeconds(5))
                .withJitter(1)
                .onRetryScheduled(event -> count(retryCounter, event.getLastException()))
                .build());
  }

  private static void count(RetryCounter retries, Throwable problem) {
    if (problem instanceof MlflowHttpException http) {
      retries.status(http.getStatusCode());
    } else {
      retries.problem(problem);
    }
  }

  Duration limit() {
    return limit;
  }

  /**
   * @throws RuntimeException what the call threw at last
   */
  <T> T run(Function<MlflowClient, T> call) throws TimeoutException, InterruptedException {
    try {
      return retries.get(() -> once(call));
    } catch (FailsafeException e) {
      if (e.getCause() instanceof TimeoutException timeout) {
        throw timeout;
      }
      if (e.getCause() instanceof InterruptedException interruption) {
        throw interruption;
      }
      throw e;
    }
  }

  private <T> T once(Function<MlflowClient, T> call) throws TimeoutException, InterruptedException {
    MlflowClient free = idle.poll();
    MlflowClient client = free == null ? clients.get() : free;
    Future<T> result = threads.submit(() -> call.apply(client));
    try {
      T value = result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      idle.push(client);
      return value;
    } catch (ExecutionException e) {
      client.close();
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException | InterruptedException e) {
      client.close();
      throw e;
    }
  }

  private static boolean isTransient(Throwable problem) {
    if (problem instanceof MlflowHttpException http) {
      return http.getStatusCode() >= 500 || http.getStatusCode() == TOO_MANY_REQUESTS;
    }
    return problem instanceof MlflowClientException && problem.getCause() instanceof IOException;
  }

  @Override
  public void close() {
    idle.forEach(MlflowClient::close);
    threads.shutdownNow();
  }
}
