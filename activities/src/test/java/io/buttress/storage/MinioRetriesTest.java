package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.buttress.stack.SettingNames;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that answers as the test tells it, in the order of the requests. */
// Waits for as long as retries do.
@Tag("slow")
class MinioRetriesTest {
  private static final String KEY = "some/key";
  private static final String TOKEN = "canary/token=";

  @TempDir Path directory;
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private HttpServer server;
  private MinioObjectStore store;

  @FunctionalInterface
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          requests.add(exchange.getRequestMethod());
          answers.remove().to(exchange);
        });
    server.start();
    store = store(server.getAddress().getPort(), Duration.ofSeconds(30));
  }

  private final MetricRegistry metrics = new MetricRegistry();

  private MinioObjectStore store(int port, Duration patience) {
    return new MinioObjectStore(
        new S3Access(
            URI.create("http://127.0.0.1:" + port),
            "us-east-1",
            "key",
            "secret",
            TOKEN,
            null,
            SettingNames.S3),
        "bucket",
        patience,
        metrics);
  }

  @Test
  void countsRetriesByCauseAndBytes() throws IOException {
    // The client itself tries five times.
    for (int i = 0; i < 6; i++) {
      answer(error(503, "SlowDown"));
    }
    answer(ok("twelve bytes"));
    assertThat(read()).isEqualTo("twelve bytes");
    assertThat(metrics.counter("buttress.retries.store.http_503").getCount()).isEqualTo(1);
    assertThat(metrics.counter("buttress.bytes.store.read").getCount()).isEqualTo(12);
  }

  @AfterEach
  void stop() {
    store.close();
    server.stop(0);
  }

  private static Answer status(int status, String type, String body) {
    return exchange -> {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("ETag", "\"0\"");
      exchange.getResponseHeaders().add("Last-Modified", "Wed, 25 Nov 2026 00:00:00 GMT");
      exchange.getResponseHeaders().add("Content-Type", type);
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    };
  }

  private static Answer ok(String body) {
    return status(200, "application/octet-stream", body);
  }

  private static Answer error(int status, String code) {
    return error(status, code, "as told");
  }

  private static Answer error(int status, String code, String message) {
    return status(
        status,
        "application/xml",
        "<?xml version=\"1.0\"?><Error><Code>"
            + code
            + "</Code><Message>"
            + message
            + "</Message><Resource>/bucket/some/key</Resource></Error>");
  }

  private static Answer cut() {
    return exchange -> {
      throw new IOException("the server hangs up");
    };
  }

  private void answer(Answer... queue) {
    answers.addAll(Arrays.asList(queue));
  }

  private String read() throws IOException {
    return new String(store.get(KEY).orElseThrow().readAllBytes(), StandardCharsets.UTF_8);
  }

  private Path file() throws IOException {
    return Files.writeString(directory.resolve("file"), "content");
  }

  @ParameterizedTest
  @CsvSource({
    "408, RequestTimeout",
    "400, RequestTimeout",
    "409, ConditionalRequestConflict",
    "429, TooManyRequests",
    "500, InternalError",
    "502, BadGateway",
    "503, SlowDown",
    "503, ServiceUnavailable",
    "504, GatewayTimeout"
  })
  void triesAgainWhenTheServerIsBusy(int status, String code) throws IOException {
    answer(error(status, code), ok("content"));
    assertThat(read()).isEqualTo("content");
    assertThat(requests).hasSize(2);
  }

  @Test
  void triesAgainWhenSomethingBetweenAnswers() throws IOException {
    answer(
        status(502, "text/html", "<html>bad gateway</html>"), status(503, "", ""), ok("content"));
    assertThat(read()).isEqualTo("content");
  }

  @Test
  void triesAgainWhenTheConnectionIsCut() throws IOException {
    answer(cut(), cut(), cut(), ok("content"));
    assertThat(read()).isEqualTo("content");
  }

  @Test
  void triesAgainWhenAListEndsEarly() throws IOException {
    answer(
        status(200, "application/xml", "<?xml version=\"1.0\"?><ListBucketResult><Name>buck"),
        status(
            200,
            "application/xml",
            "<?xml version=\"1.0\"?><ListBucketResult><Name>bucket</Name><KeyCount>1</KeyCount>"
                + "<IsTruncated>false</IsTruncated><Contents><Key>a/b</Key><Size>1</Size>"
                + "<ETag>\"0\"</ETag><LastModified>2026-11-25T00:00:00.000Z</LastModified>"
                + "</Contents></ListBucketResult>"));
    assertThat(store.list("a/")).containsExactly("a/b");
  }

  @ParameterizedTest
  @CsvSource({
    "400, InvalidArgument",
    "403, AccessDenied",
    "403, InvalidAccessKeyId",
    "404, NoSuchBucket"
  })
  void failsAtOnceWhenSomebodyMustMendIt(int status, String code) {
    answer(error(status, code));
    assertThatThrownBy(this::read).isInstanceOf(IOException.class).hasMessageContaining(code);
    assertThat(requests).hasSize(1);
  }

  @Test
  void whatIsNotThereIsNotLookedForAgain() throws IOException {
    answer(error(404, "NoSuchKey"), status(404, "", ""));
    assertThat(store.get(KEY)).isEmpty();
    assertThat(store.exists(KEY)).isFalse();
    assertThat(requests).hasSize(2);
  }

  @Test
  void aStoredObjectWhoseAnswerWasLostIsThere() throws IOException {
    answer(cut(), error(412, "PreconditionFailed"));
    assertThat(store.putIfAbsent(KEY, file())).isFalse();
    assertThat(requests).containsExactly("PUT", "PUT");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theCheckOfTheStoreTakesALostAnswerForNothingElse(boolean lost) throws IOException {
    Answer conflict = error(412, "PreconditionFailed");
    answer(lost ? cut() : ok(""));
    if (lost) {
      answer(conflict);
    }
    answer(conflict, status(204, "", ""));
    store.verifyWritable();
    assertThat(answers).isEmpty();
  }

  @Test
  void theCheckOfTheStoreTellsAServerThatOverwrites() {
    answer(ok(""), ok(""), status(204, "", ""));
    assertThatThrownBy(store::verifyWritable).hasMessageContaining("If-None-Match");
  }

  @Test
  void givesUpWhenItsPatienceEnds() {
    server.stop(0);
    try (MinioObjectStore impatient = store(server.getAddress().getPort(), Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> impatient.get(KEY))
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("127.0.0.1", "AWS_ENDPOINT_URL_S3");
    }
  }

  @Test
  void aSilentServerIsGivenUpOnWithinThePatience() {
    CountDownLatch end = new CountDownLatch(1);
    answers.addAll(
        new ArrayDeque<>(
            List.of(
                exchange -> await(end),
                exchange -> await(end),
                exchange -> await(end),
                exchange -> await(end))));
    try (MinioObjectStore impatient = store(server.getAddress().getPort(), Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> impatient.get(KEY)).isInstanceOf(IOException.class);
    } finally {
      end.countDown();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    throw new IOException("never answered");
  }

  @Test
  void waitingCanBeInterrupted() throws Exception {
    CountDownLatch failed = new CountDownLatch(3);
    for (int i = 0; i < 100; i++) {
      answer(
          exchange -> {
            failed.countDown();
            error(503, "SlowDown").to(exchange);
          });
    }
    Interruption.ends(failed, () -> store.exists(KEY));
  }

  /** With every request, signed; the client's exceptions print it, and servers may repeat it. */
  @Test
  void theSessionTokenIsSentAndSignedAndNotShown() {
    Queue<String> sent = new ConcurrentLinkedQueue<>();
    answer(
        exchange -> {
          sent.add(exchange.getRequestHeaders().getFirst("x-amz-security-token"));
          sent.add(exchange.getRequestHeaders().getFirst("Authorization"));
          error(403, "ExpiredToken", "no access with " + TOKEN).to(exchange);
        });
    assertThatThrownBy(this::read)
        .hasMessageContainingAll("ExpiredToken", "no access with ***", "AWS_SESSION_TOKEN")
        .satisfies(
            failure -> {
              StringWriter trace = new StringWriter();
              failure.printStackTrace(new PrintWriter(trace));
              assertThat(trace.toString()).doesNotContain(TOKEN);
            });
    assertThat(sent.remove()).isEqualTo(TOKEN);
    assertThat(sent.remove()).containsPattern("SignedHeaders=[^,]*x-amz-security-token");
  }

  @Test
  void aMissingFileIsNoFaultOfTheServer() {
    assertThatThrownBy(() -> store.putIfAbsent(KEY, directory.resolve("absent")))
        .isInstanceOf(IOException.class);
    assertThat(requests).isEmpty();
  }
}
