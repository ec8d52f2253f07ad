package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Against an HTTPS server with a certificate of its own, as a cluster's has. */
// Waits for as long as retries do.
@Tag("slow")
final class PodDeletionCostTest {
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final int PATIENCE = 60;
  private static final String PATH = "/api/v1/namespaces/studies/pods/gpu-0";

  private record Request(String method, String path, String type, String token, String body) {}

  /** What the last request was answered. */
  private volatile int answered;

  @TempDir private Path serviceAccount;
  private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
  private final AtomicBoolean busy = new AtomicBoolean();
  private final BlockingQueue<String> warnings = new LinkedBlockingQueue<>();
  private final AppenderBase<ILoggingEvent> log =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          warnings.add(event.getFormattedMessage());
        }
      };
  private volatile int status = 200;
  private HttpsServer server;

  @BeforeEach
  void startServer() throws Exception {
    HeldCertificate certificate =
        new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
    Files.writeString(serviceAccount.resolve("ca.crt"), certificate.certificatePem());
    Files.writeString(serviceAccount.resolve("token"), "first\n");
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(
            new HandshakeCertificates.Builder().heldCertificate(certificate).build().sslContext()));
    server.createContext("/", this::answer);
    server.start();
    log.start();
    logger().addAppender(log);
    logger().setLevel(Level.WARN);
    logger().setAdditive(false);
  }

  @AfterEach
  void stopServer() {
    logger().detachAppender(log);
    logger().setLevel(null);
    logger().setAdditive(true);
    server.stop(0);
  }

  @Test
  void isCostlyWhileItIsBusy() throws Exception {
    try (PodDeletionCost cost = start()) {
      busy.set(true);
      assertThat(next())
          .isEqualTo(
              new Request(
                  "PATCH", PATH, "application/merge-patch+json", "Bearer first", annotation("1")));
      Files.writeString(serviceAccount.resolve("token"), "second\n");
      busy.set(false);
      Request idle = next();
      assertThat(idle.body()).isEqualTo(annotation("0"));
      assertThat(idle.token()).as("Kubernetes replaces tokens").isEqualTo("Bearer second");
    }
    assertThat(requests).as("told once for each change").isEmpty();
  }

  @Test
  void complainsOnceAndGoesOnTrying() throws Exception {
    status = 403;
    busy.set(true);
    try (PodDeletionCost cost = start()) {
      next();
      next();
      next();
      status = 200;
      do {
        next();
        // A try may have been under way when the answer changed.
      } while (answered != 200);
      busy.set(false);
      assertThat(next().body()).isEqualTo(annotation("0"));
    }
    assertThat(warnings)
        .singleElement()
        .asString()
        .contains("403", "patch")
        .doesNotContain("first");
  }

  @Test
  void complainsWithoutATokenAndDoesNotShowABadOne() throws Exception {
    Files.writeString(serviceAccount.resolve("token"), "bad\ntoken");
    busy.set(true);
    try (PodDeletionCost cost = start()) {
      assertThat(warnings.poll(PATIENCE, TimeUnit.SECONDS)).contains("token").doesNotContain("bad");
    }
    assertThat(requests).isEmpty();
  }

  private PodDeletionCost start() {
    URI pod = URI.create("https://127.0.0.1:" + server.getAddress().getPort() + PATH);
    return PodDeletionCost.start(pod, serviceAccount, busy::get, PAUSE);
  }

  private Request next() throws InterruptedException {
    Request request = requests.poll(PATIENCE, TimeUnit.SECONDS);
    assertThat(request).as("a request").isNotNull();
    return request;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      int status = this.status;
      answered = status;
      requests.add(
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getPath(),
              exchange.getRequestHeaders().getFirst("Content-Type"),
              exchange.getRequestHeaders().getFirst("Authorization"),
              new String(exchange.getRequestBody().readAllBytes())));
      exchange.sendResponseHeaders(status, -1);
    }
  }

  private static String annotation(String cost) {
    return "{\"metadata\":{\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\""
        + cost
        + "\"}}}";
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(PodDeletionCost.class);
  }
}
