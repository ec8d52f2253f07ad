package io.buttress.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import okhttp3.Headers;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** A local http or https server that answers as much as a start asks for. */
final class FakeService implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final String scheme;

  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  /**
   * @param certificate null: plain http
   */
  FakeService(Certificate certificate, Answer answer) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (certificate == null) {
      scheme = "http";
      server = HttpServer.create(address, 0);
    } else {
      scheme = "https";
      HttpsServer https = HttpsServer.create(address, 0);
      https.setHttpsConfigurator(new HttpsConfigurator(certificate.handshake().sslContext()));
      server = https;
    }
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.setStreams(new ByteArrayInputStream(body), null);
            answer.to(exchange);
          } finally {
            exchange.close();
          }
        });
    server.start();
  }

  /** A bucket that can be written. */
  static Answer bucket() {
    Set<String> keys = ConcurrentHashMap.newKeySet();
    return exchange -> {
      exchange.getResponseHeaders().add("ETag", "\"0\"");
      boolean put = exchange.getRequestMethod().equals("PUT");
      if (put && !keys.add(exchange.getRequestURI().getPath())) {
        answer(
            exchange,
            412,
            "application/xml",
            "<Error><Code>PreconditionFailed</Code><Message>is there</Message></Error>");
      } else {
        exchange.sendResponseHeaders(put ? 200 : 204, -1);
      }
    };
  }

  static Answer s3Error(int status, String code) {
    return text(
        status,
        "application/xml",
        "<?xml version=\"1.0\"?><Error><Code>"
            + code
            + "</Code><Message>as told</Message><Resource>/b</Resource></Error>");
  }

  /** An MLflow server without experiments. */
  static Answer tracking() {
    return text(200, "application/json", "{}");
  }

  static Answer text(int status, String type, String body) {
    return exchange -> answer(exchange, status, type, body);
  }

  /**
   * What another server answers.
   *
   * @param server without a slash at the end
   */
  static Answer of(String server) {
    OkHttpClient client = new OkHttpClient();
    return exchange -> {
      // With the Host that was asked, which S3's signatures cover.
      Headers.Builder headers = new Headers.Builder();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> values.forEach(value -> headers.add(name, value)));
      String method = exchange.getRequestMethod();
      byte[] body = exchange.getRequestBody().readAllBytes();
      Request request =
          new Request.Builder()
              .url(server + exchange.getRequestURI())
              .headers(headers.build())
              .method(
                  method,
                  method.equals("GET") || method.equals("HEAD") ? null : RequestBody.create(body))
              .build();
      try (Response response = client.newCall(request).execute()) {
        Map<String, List<String>> answered = response.headers().toMultimap();
        answered.remove("transfer-encoding");
        exchange.getResponseHeaders().putAll(answered);
        byte[] answer = response.body().bytes();
        exchange.sendResponseHeaders(response.code(), answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
      }
    };
  }

  /** Refuses, repeating the credentials. */
  static Answer repeating(int status) {
    return exchange ->
        answer(
            exchange,
            status,
            "text/plain",
            "no access with " + exchange.getRequestHeaders().getFirst("Authorization"));
  }

  private static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  String uri() {
    return scheme + "://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
