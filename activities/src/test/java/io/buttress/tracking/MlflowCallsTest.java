package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.buttress.result.MetricPoint;
import io.buttress.stack.SettingNames;
import io.buttress.storage.Interruption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that answers as the test tells it, in the order of the requests. */
// Waits for as long as retries do.
@Tag("slow")
class MlflowCallsTest {
  private static final String RUN = "run";
  private static final MetricPoint POINT = new MetricPoint("loss", 1, 2, 3);

  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private MlflowTracker tracker;

  @FunctionalInterface
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          if (exchange.getRequestURI().getPath().endsWith("/runs/get")) {
            // The run has no points yet.
            status(200).to(exchange);
            return;
          }
          requests.add(exchange.getRequestURI().getPath());
          answers.remove().to(exchange);
        });
    server.start();
    tracker = tracker(Duration.ofSeconds(30));
  }

  private final MetricRegistry metrics = new MetricRegistry();

  private MlflowTracker tracker(Duration limit) {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    return new MlflowTracker(
        new MlflowAccess(uri, null, null, null, null, SettingNames.MLFLOW), null, metrics, limit);
  }

  @AfterEach
  void stop() {
    end.countDown();
    tracker.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private static Answer status(int status) {
    return exchange -> {
      byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    };
  }

  private Answer silence() {
    return exchange -> {
      try {
        end.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  private void answer(Answer... queue) {
    answers.addAll(Arrays.asList(queue));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void triesAgainWhenTheServerFails(int status) throws IOException {
    answer(status(status), status(200));
    tracker.log(RUN, List.of(POINT));
    assertThat(answers).isEmpty();
  }

  @Test
  void triesAgainWhenTheConnectionIsCut() throws IOException {
    Answer cut =
        exchange -> {
          throw new IOException("the server hangs up");
        };
    answer(cut, cut, cut, status(200));
    tracker.log(RUN, List.of(POINT));
  }

  @Test
  void failsWhenSomebodyMustMendIt() {
    // The Java client asks again whatever the status; calls add nothing to that.
    answer(status(400), status(400), status(400));
    assertThatThrownBy(() -> tracker.log(RUN, List.of(POINT)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("400");
    assertThat(requests).hasSize(3);
  }

  @Test
  void doesNotWaitForASilentServer() throws IOException {
    tracker.close();
    tracker = tracker(Duration.ofSeconds(1));
    answer(silence());
    assertThatThrownBy(() -> tracker.log(RUN, List.of(POINT)))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("127.0.0.1", "MLFLOW_TRACKING_URI");
    answer(status(200));
    tracker.log(RUN, List.of(POINT));
  }

  @Test
  void namesAServerThatIsDown() {
    server.stop(0);
    assertThatThrownBy(() -> tracker.log(RUN, List.of(POINT)))
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll("127.0.0.1", "MLFLOW_TRACKING_URI");
  }

  @Test
  void waitingCanBeInterrupted() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    answer(
        exchange -> {
          asked.countDown();
          silence().to(exchange);
        });
    Interruption.ends(asked, () -> tracker.log(RUN, List.of(POINT)));
  }

  @Test
  void sendsPointsInBatches() throws IOException {
    answer(status(200), status(200), status(200));
    tracker.log(RUN, Collections.nCopies(2001, POINT));
    assertThat(requests).hasSize(3);
  }
}
