package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.storage.ArtifactStore;
import io.buttress.tracking.MlflowAccess;
import io.buttress.tracking.MlflowTracker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An MLflow server as a child process, its database and artifacts below {@code BUTTRESS_HOME}. */
final class EmbeddedMlflow implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(120);

  private final Process process;
  private final URI uri;
  private boolean keep;

  private EmbeddedMlflow(Process process, URI uri) {
    this.process = process;
    this.uri = uri;
  }

  /**
   * Starts the server and waits until it answers.
   *
   * @throws ServiceException when MLflow is not installed or does not come up; says where its log
   *     is
   */
  static EmbeddedMlflow start(Environment environment) throws ServiceException {
    Path home = environment.home();
    Path binary =
        environment
            .get("BUTTRESS_MLFLOW")
            .map(Path::of)
            .orElse(home.resolve("venv").resolve("bin").resolve("mlflow"));
    if (!Files.isExecutable(binary)) {
      throw new ServiceException(
          "MLflow is not installed at "
              + binary
              + ": run infra/quickstart once, set BUTTRESS_MLFLOW, or pass --no-mlflow");
    }
    try {
      Path state = Files.createDirectories(home.resolve("mlflow"));
      Path log = state.resolve("server.log");
      int port = freePort();
      List<String> command = new ArrayList<>();
      // The shell ends the server's process group when our end of its standard input closes, even
      // by kill -9, and leaves it running on "keep". A group of its own keeps Ctrl-C away from it.
      command.addAll(
          List.of(
              "bash",
              "-c",
              "trap '' INT; set -m; \"$@\" </dev/null & read -r word;"
                  + " [ \"$word\" = keep ] || { kill -- -$!; wait; }",
              "mlflow"));
      command.addAll(serverCommand(binary, state, port));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false");
      builder.environment().put("MLFLOW_DISABLE_TELEMETRY", "true");
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      EmbeddedMlflow mlflow =
          new EmbeddedMlflow(builder.start(), URI.create("http://127.0.0.1:" + port));
      mlflow.awaitReady(log);
      return mlflow;
    } catch (IOException e) {
      throw new ServiceException("cannot start MLflow: " + e.getMessage(), e);
    }
  }

  private static List<String> serverCommand(Path binary, Path state, int port) {
    return List.of(
        binary.toString(),
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        String.valueOf(port),
        "--workers",
        "1",
        "--backend-store-uri",
        "sqlite:///" + state.resolve("mlflow.db"),
        "--artifacts-destination",
        state.resolve("artifacts").toString());
  }

  MlflowTracker tracker(ArtifactStore artifacts) {
    return new MlflowTracker(
        new MlflowAccess(uri, null, null, null, null, Connections.MLFLOW),
        artifacts,
        new MetricRegistry());
  }

  URI uri() {
    return uri;
  }

  /** Leaves the server running when this process ends. */
  void keep() {
    keep = true;
  }

  /** The server's process group, which the shell made for it. */
  long processGroup() {
    return process.children().findFirst().orElse(process.toHandle()).pid();
  }

  @Override
  public void close() {
    try (var word = process.outputWriter()) {
      word.write(keep ? "keep\n" : "\n");
    } catch (IOException e) {
      process.descendants().forEach(ProcessHandle::destroy);
    }
    if (!keep) {
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        Thread.currentThread().interrupt();
      }
    }
  }

  private void awaitReady(Path log) throws ServiceException {
    HttpClient http = HttpClient.newHttpClient();
    // /health answers before the database is migrated; a search needs both.
    HttpRequest request =
        HttpRequest.newBuilder(uri.resolve("/api/2.0/mlflow/experiments/search?max_results=1"))
            .timeout(Duration.ofSeconds(5))
            .build();
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() < deadline && process.isAlive()) {
      try {
        if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // Not up yet.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    close();
    throw new ServiceException("the MLflow server did not come up: see " + log);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
