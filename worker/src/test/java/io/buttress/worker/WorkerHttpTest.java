package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkerHttpTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final Health health = new Health();
  private final WorkerMetrics metrics = new WorkerMetrics();
  private WorkerHttp http;

  @BeforeEach
  void open() throws Exception {
    http = WorkerHttp.open(loopback(0), health, metrics);
  }

  @AfterEach
  void close() {
    http.close();
  }

  @Test
  void livesOnceItHasStarted() throws Exception {
    assertThat(get("/livez").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    health.started(() -> true);
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void isNotReadyWithoutTemporalButLives() throws Exception {
    AtomicBoolean answers = new AtomicBoolean();
    health.started(answers::get);
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/livez").statusCode()).isEqualTo(200);
    answers.set(true);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void isNotReadyWhileItStopsButLives() throws Exception {
    health.started(() -> true);
    health.stopping();
    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/livez").statusCode()).isEqualTo(200);
  }

  @Test
  void exportsBusySlotsAsOneSampleWithoutLabels() throws Exception {
    AtomicInteger busy = new AtomicInteger();
    metrics.registry().registerGauge("buttress.busy.slots", busy::get);
    assertThat(get("/metrics").body().lines()).contains("buttress_busy_slots 0.0");
    busy.set(2);
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.body().lines().filter(line -> line.startsWith("buttress_busy_slots")))
        .containsExactly("buttress_busy_slots 2.0");
    assertThat(answer.body().lines()).contains("# TYPE buttress_busy_slots gauge");
    assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
  }

  @Test
  void exportsTheProcess() throws Exception {
    assertThat(get("/metrics").body())
        .contains("jvm_memory_used_bytes{area=\"heap\"}", "process_start_time_seconds");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/metrics/", "/metrics/x", "/livezz", "//livez", "/..%2fmetrics"})
  void hasNothingElse(String path) throws Exception {
    health.started(() -> true);
    assertThat(get(path).statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"})
  void onlyReads(String method) throws Exception {
    health.started(() -> true);
    assertThat(send(method, "/livez").statusCode()).isEqualTo(405);
  }

  @Test
  void answersHeadWithoutABody() throws Exception {
    health.started(() -> true);
    HttpResponse<String> answer = send("HEAD", "/livez");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void showsNothingOfWhatWentWrong() throws Exception {
    health.started(
        () -> {
          throw new IllegalStateException("secret");
        });
    HttpResponse<String> answer = get("/readyz");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("secret", "Exception");
    assertThat(get("/livez").statusCode()).isEqualTo(200);
  }

  @Test
  void namesTheSettingWhenItCannotListen() {
    assertThatThrownBy(() -> WorkerHttp.open(loopback(http.port()), health, metrics))
        .isInstanceOf(ServiceException.class)
        .hasMessageContainingAll("BUTTRESS_HTTP", String.valueOf(http.port()));
    assertThatThrownBy(
            () ->
                WorkerHttp.open(
                    InetSocketAddress.createUnresolved("no-such-host.invalid", 1), health, metrics))
        .isInstanceOf(ServiceException.class)
        .hasMessageContainingAll("BUTTRESS_HTTP", "no-such-host.invalid");
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send("GET", path);
  }

  private HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
            .method(method, BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }
}
