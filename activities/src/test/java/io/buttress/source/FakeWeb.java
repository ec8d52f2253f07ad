package io.buttress.source;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import okhttp3.OkHttpClient;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** A local https server with files, ranges and their conditions. Every name leads to it. */
final class FakeWeb implements AutoCloseable {
  private final HttpsServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HandshakeCertificates certificates;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Deque<FakeHub.Fault> faults = new ArrayDeque<>();

  /** In the order in which they came, as {@code path range if-range}. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  FakeWeb() throws IOException {
    HeldCertificate certificate =
        new HeldCertificate.Builder()
            .addSubjectAlternativeName("files.example")
            .addSubjectAlternativeName("127.0.0.1")
            .addSubjectAlternativeName("0:0:0:0:0:0:0:1")
            .build();
    certificates =
        new HandshakeCertificates.Builder()
            .heldCertificate(certificate)
            .addTrustedCertificate(certificate.certificate())
            .build();
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(certificates.sslContext()));
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try {
            answer(exchange);
          } finally {
            exchange.close();
          }
        });
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  String uri(String path) {
    return "https://files.example:" + port() + path;
  }

  /** A client to which every name is this machine's. */
  OkHttpClient client() {
    return new OkHttpClient.Builder()
        .sslSocketFactory(certificates.sslSocketFactory(), certificates.trustManager())
        .dns(host -> List.of(InetAddress.getByName("127.0.0.1")))
        .build();
  }

  FakeWeb with(String path, byte[] content) {
    files.put(path, content);
    return this;
  }

  /** The next requests go wrong. */
  void fails(FakeHub.Fault... next) {
    synchronized (faults) {
      faults.addAll(List.of(next));
    }
  }

  /** Breaks off after so many bytes; says which version of the file they are of. */
  static FakeHub.Fault cut(int bytes) {
    return (exchange, content) -> {
      exchange.getResponseHeaders().set("ETag", etag(content));
      FakeHub.cut(bytes).answer(exchange, content);
    };
  }

  static FakeHub.Fault redirect(String to) {
    return FakeHub.status(302, "Location", to);
  }

  private static String etag(byte[] content) {
    return '"' + FakeHub.sha256(content) + '"';
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String range = exchange.getRequestHeaders().getFirst("Range");
    String condition = exchange.getRequestHeaders().getFirst("If-Range");
    requests.add(path + " " + range + " " + condition);
    byte[] content = files.get(path);
    FakeHub.Fault fault;
    synchronized (faults) {
      fault = faults.poll();
    }
    if (fault != null) {
      fault.answer(exchange, content);
    } else if (content == null) {
      exchange.sendResponseHeaders(404, -1);
    } else if (range != null && etag(content).equals(condition)) {
      rest(exchange, content, Integer.parseInt(range.replaceAll("\\D", "")));
    } else {
      exchange.getResponseHeaders().set("ETag", etag(content));
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    }
  }

  private static void rest(HttpExchange exchange, byte[] content, int from) throws IOException {
    if (from >= content.length) {
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    exchange.getResponseHeaders().set("ETag", etag(content));
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    exchange.sendResponseHeaders(206, content.length - from);
    exchange.getResponseBody().write(Arrays.copyOfRange(content, from, content.length));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
