package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import eu.rekawek.toxiproxy.Proxy;
import eu.rekawek.toxiproxy.ToxiproxyClient;
import eu.rekawek.toxiproxy.model.Toxic;
import eu.rekawek.toxiproxy.model.ToxicDirection;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import io.buttress.tracking.MetricHistory;
import io.buttress.tracking.MetricPoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A study whose way to the object store and to MLflow is bad, while it trains. */
final class FaultsIT extends OnServers {
  private static final Duration BAD = Duration.ofSeconds(4);
  private static final Duration DOWN = Duration.ofSeconds(20);

  private Process toxiproxy;
  private List<Proxy> proxies;
  private ArtifactStore artifacts;
  private WorkerProcess undisturbed;

  @BeforeEach
  void startProxies() throws Exception {
    String program =
        require("BUTTRESS_TOXIPROXY", "the path of toxiproxy-server, which infra/test sets");
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    toxiproxy =
        new ProcessBuilder(program, "-host", "127.0.0.1", "-port", Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("toxiproxy.log").toFile())
            .start();
    ToxiproxyClient toxiproxies = new ToxiproxyClient("127.0.0.1", port);
    awaitAnswer(toxiproxies);
    Proxy minio = proxy(toxiproxies, "AWS_ENDPOINT_URL_S3");
    Proxy mlflow = proxy(toxiproxies, "MLFLOW_TRACKING_URI");
    proxies = List.of(minio, mlflow);
    artifacts = Connections.artifacts(environment);
    worker =
        startWorker(
            Map.of(
                "AWS_ENDPOINT_URL_S3", "http://" + minio.getListen(),
                "MLFLOW_TRACKING_URI", "http://" + mlflow.getListen()));
  }

  @AfterEach
  void stop() {
    if (undisturbed != null) {
      undisturbed.close();
    }
    if (artifacts != null) {
      artifacts.objects().close();
    }
    if (toxiproxy != null) {
      toxiproxy.destroyForcibly();
    }
  }

  private void awaitAnswer(ToxiproxyClient toxiproxies) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      try {
        toxiproxies.version();
        return;
      } catch (IOException e) {
        assertThat(System.nanoTime())
            .as(Files.readString(folder.resolve("toxiproxy.log")))
            .isLessThan(deadline);
        Thread.sleep(100);
      }
    }
  }

  private Proxy proxy(ToxiproxyClient toxiproxies, String variable) throws Exception {
    URI server = environment.uri(variable, "a server");
    return toxiproxies.createProxy(
        variable, "127.0.0.1:0", server.getHost() + ":" + server.getPort());
  }

  @Test
  void aBadWayToItsStoresChangesNoNumber() throws Exception {
    Path study = study();
    client.start(name, StudyFile.read(study).tree());
    CompletableFuture<StudyResult> ended = client.result(name);
    awaitTraining(name);

    during(BAD, (proxy, way) -> proxy.toxics().latency("latency", way, 100).setJitter(80));
    during(BAD, (proxy, way) -> proxy.toxics().bandwidth("bandwidth", way, 20));
    during(BAD, (proxy, way) -> proxy.toxics().resetPeer("reset", way, 30));
    during(BAD, (proxy, way) -> proxy.toxics().timeout("silence", way, 0));
    assertThat(ended).as("it trains while its stores go").isNotDone();
    for (Proxy proxy : proxies) {
      proxy.disable();
    }
    undisturbed = startUndisturbed(study);
    Thread.sleep(DOWN.toMillis());
    for (Proxy proxy : proxies) {
      proxy.enable();
    }

    StudyResult result = ended.get(120, TimeUnit.SECONDS);
    assertThat(result.done()).as(worker.output()).isEqualTo(result.planned()).isEqualTo(4);
    assertThat(numbers(report(result))).isEqualTo(numbers(undisturbedReport()));
    Set<String> fingerprints = new TreeSet<>();
    JsonNode runs = runs();
    for (JsonNode run : runs) {
      assertThat(run.path("info").path("status").asText()).isEqualTo("FINISHED");
      if (tag(run, "buttress.fingerprint").isPresent()) {
        fingerprints.add(tag(run, "buttress.fingerprint").get());
        Map<String, List<Integer>> history = history(run);
        assertThat(points(run, history.keySet())).isEqualTo(history).isNotEmpty();
      }
    }
    assertThat(fingerprints).hasSize(4);
    assertThat(runs).hasSize(5);
  }

  @FunctionalInterface
  private interface Fault {
    void on(Proxy proxy, ToxicDirection way) throws IOException;
  }

  private void during(Duration time, Fault fault) throws Exception {
    for (Proxy proxy : proxies) {
      fault.on(proxy, ToxicDirection.DOWNSTREAM);
    }
    Thread.sleep(time.toMillis());
    for (Proxy proxy : proxies) {
      for (Toxic toxic : proxy.toxics().getAll()) {
        toxic.remove();
      }
    }
  }

  private Path study() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"));
    return Files.writeString(
        folder.resolve("study.json"),
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"],
         "methods": [{"id": "stl"}, {"id": "repina-i", "lambda": 0.1}],
         "seeds": [%d, %d], "execution": {"checkpointEvery": "1s"},
         "training": {"steps": 1000, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(name, model.toUri(), name.hashCode(), name.hashCode() + 1L));
  }

  private JsonNode report(StudyResult result) throws Exception {
    return Json.MAPPER.readTree(
        artifacts.file(artifacts.get(result.reportKey()), "report.json").toFile());
  }

  /** The same study without servers. */
  private WorkerProcess startUndisturbed(Path study) throws Exception {
    return WorkerProcess.start(
        folder.resolve("undisturbed.log"),
        Map.of("BUTTRESS_HOME", folder.resolve("undisturbed-home").toString()),
        "local",
        study.toString(),
        "--no-mlflow",
        "--out",
        folder.resolve("undisturbed").toString());
  }

  private JsonNode undisturbedReport() throws Exception {
    assertThat(undisturbed.await()).as(undisturbed.output()).isEqualTo(Exit.DONE);
    return Json.MAPPER.readTree(folder.resolve("undisturbed/report.json").toFile());
  }

  /** What must not depend on where and how a trial ran. */
  private static Map<String, JsonNode> numbers(JsonNode report) {
    Map<String, JsonNode> numbers = new TreeMap<>();
    for (JsonNode trial : report.path("trials")) {
      numbers.put(
          trial.path("fingerprint").asText(),
          ((ObjectNode) trial.deepCopy())
              .retain("status", "steps", "validation", "test", "outOfDistribution", "collapse"));
    }
    return numbers;
  }

  /** The steps that the run's stored history has, by metric. */
  private Map<String, List<Integer>> history(JsonNode run) throws Exception {
    URI location = URI.create(run.path("info").path("artifact_uri").asText());
    Path file = Files.createTempFile(folder, "history-", ".csv");
    try (InputStream csv =
        artifacts.objects().get(location.getPath().substring(1) + "/history.csv").orElseThrow()) {
      Files.copy(csv, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return MetricHistory.read(file).stream()
        .collect(
            Collectors.groupingBy(
                MetricPoint::metric,
                TreeMap::new,
                Collectors.mapping(MetricPoint::step, Collectors.toList())));
  }

  /** The steps that MLflow has, by metric. */
  private Map<String, List<Integer>> points(JsonNode run, Set<String> metrics) throws Exception {
    Map<String, List<Integer>> points = new TreeMap<>();
    for (String metric : metrics) {
      JsonNode stored =
          mlflow(
              "metrics/get-history?max_results=25000&run_id="
                  + run.path("info").path("run_id").asText()
                  + "&metric_key="
                  + metric);
      points.put(
          metric,
          stored.path("metrics").findValues("step").stream()
              .map(JsonNode::asInt)
              .sorted()
              .toList());
    }
    return points;
  }
}
