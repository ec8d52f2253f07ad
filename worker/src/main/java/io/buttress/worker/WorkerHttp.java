package io.buttress.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's port for whoever watches it, without authentication: {@code /livez} tells whether it
 * has started, {@code /readyz} whether it takes work, {@code /metrics} what it measures, as
 * Prometheus's text.
 */
final class WorkerHttp implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerHttp.class);
  private static final int THREADS = 4;
  private static final int BACKLOG = 16;

  static {
    // A client that sends or reads nothing must not keep a thread. Seconds.
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxRspTime", "10");
  }

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(THREADS, new DaemonThreads("http"));
  private final Health health;
  private final WorkerMetrics metrics;

  private WorkerHttp(HttpServer server, Health health, WorkerMetrics metrics) {
    this.server = server;
    this.health = health;
    this.metrics = metrics;
  }

  /**
   * Answers from now on.
   *
   * @throws ServiceException when it cannot listen there
   */
  static WorkerHttp open(InetSocketAddress address, Health health, WorkerMetrics metrics)
      throws ServiceException {
    try {
      WorkerHttp http = new WorkerHttp(HttpServer.create(address, BACKLOG), health, metrics);
      http.server.setExecutor(http.threads);
      http.server.createContext("/", http::handle);
      http.server.start();
      LOG.info("probes and metrics at {}", http.server.getAddress());
      return http;
    } catch (IOException e) {
      throw new ServiceException(
          "BUTTRESS_HTTP: cannot listen at " + address + ": " + e.getMessage(), e);
    }
  }

  int port() {
    return server.getAddress().getPort();
  }

  private record Answer(int status, String type, byte[] body) {
    static Answer line(int status, String line) {
      return new Answer(
          status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      send(exchange, answer(exchange.getRequestMethod(), exchange.getRequestURI().getPath()));
    } catch (IOException e) {
      LOG.debug("a client went away", e);
    }
  }

  private Answer answer(String method, String path) {
    if (!method.equals("GET") && !method.equals("HEAD")) {
      return Answer.line(405, "only GET and HEAD");
    }
    try {
      return switch (path) {
        case "/livez" -> state(health.lives());
        case "/readyz" -> state(health.ready());
        case "/metrics" -> metrics();
        default -> Answer.line(404, "not found");
      };
    } catch (IOException | RuntimeException e) {
      LOG.warn("cannot answer for {}", path, e);
      return Answer.line(500, "failed, see the worker's log");
    }
  }

  private static Answer state(boolean holds) {
    return holds ? Answer.line(200, "ok") : Answer.line(503, "not now");
  }

  private Answer metrics() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    metrics.write(text);
    return new Answer(200, WorkerMetrics.CONTENT_TYPE, text.toByteArray());
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    if (exchange.getRequestMethod().equals("HEAD")) {
      int length = answer.body().length;
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(length));
      exchange.sendResponseHeaders(answer.status(), -1);
    } else {
      exchange.sendResponseHeaders(answer.status(), answer.body().length);
      exchange.getResponseBody().write(answer.body());
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
