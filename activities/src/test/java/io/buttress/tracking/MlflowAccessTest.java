package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.buttress.result.MetricPoint;
import io.buttress.stack.SettingNames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who is trusted, and that nothing secret is told. */
// Waits for as long as retries do.
@Tag("slow")
final class MlflowAccessTest {
  private static final List<MetricPoint> POINTS = List.of(new MetricPoint("loss", 1, 2, 3));
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private HttpServer server;

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void everyConnectionTrustsTheAuthoritiesThatAreSet() throws Exception {
    HeldCertificate certificate =
        new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
    HttpsServer https = HttpsServer.create(loopback(), 0);
    https.setHttpsConfigurator(
        new HttpsConfigurator(
            new HandshakeCertificates.Builder().heldCertificate(certificate).build().sslContext()));
    serve(https, 200, "{}");
    URI uri = URI.create("https://127.0.0.1:" + https.getAddress().getPort());
    HandshakeCertificates authorities =
        new HandshakeCertificates.Builder()
            .addTrustedCertificate(certificate.certificate())
            .build();

    try (MlflowTracker trusting =
            tracker(new MlflowAccess(uri, null, null, null, authorities, SettingNames.MLFLOW));
        MlflowTracker other =
            tracker(new MlflowAccess(uri, null, null, null, null, SettingNames.MLFLOW))) {
      trusting.verifyReachable();
      trusting.log("run", POINTS);
      for (var call : List.of((Call) other::verifyReachable, () -> other.log("run", POINTS))) {
        assertThatThrownBy(call::run)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("MLFLOW_TRACKING_SERVER_CERT_PATH");
      }
    }
  }

  @Test
  void whatAServerRepeatsIsHidden() throws Exception {
    String password = "canary/p4ss word";
    String token = "canary-t0ken";
    server = HttpServer.create(loopback(), 0);
    serve(server, 400, "you sent %s");
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    for (MlflowAccess access :
        List.of(
            new MlflowAccess(uri, "user", password, null, null, SettingNames.MLFLOW),
            new MlflowAccess(uri, null, null, token, null, SettingNames.MLFLOW))) {
      String sent = access.authorization().orElseThrow().replaceFirst("^\\w+ ", "");
      try (MlflowTracker tracker = tracker(access)) {
        for (var call :
            List.of((Call) tracker::verifyReachable, () -> tracker.log("run", POINTS))) {
          assertThatThrownBy(call::run)
              .isInstanceOf(IOException.class)
              .hasMessageContaining("you sent")
              .satisfies(
                  problem -> {
                    for (Throwable t = problem; t != null; t = t.getCause()) {
                      assertThat(t.toString()).doesNotContain(sent, password, token);
                    }
                  });
        }
      }
    }
  }

  @FunctionalInterface
  private interface Call {
    void run() throws IOException;
  }

  private void serve(HttpServer with, int status, String body) {
    server = with;
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          String sent = exchange.getRequestHeaders().getFirst("Authorization");
          byte[] bytes = body.formatted(sent).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static MlflowTracker tracker(MlflowAccess access) {
    return new MlflowTracker(access, null, new MetricRegistry(), LIMIT);
  }
}
