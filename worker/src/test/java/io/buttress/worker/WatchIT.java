package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a worker, while a study runs on the servers of the environment. */
@ExtendWith(StackExtension.class)
final class WatchIT {
  /** There only once something fails, and where there is a GPU. */
  private static final Set<String> ON_OCCASION =
      Set.of(
          "buttress_retries_total",
          "buttress_activity_failures_total",
          "buttress_gpu_memory_used_bytes",
          "buttress_gpu_memory_size_bytes",
          "temporal_request_failure_total");

  private static final Pattern PORT = Pattern.compile("probes and metrics at /127.0.0.1:(\\d+)");
  private static final Pattern METRIC =
      Pattern.compile("\\b(?:buttress|temporal|jvm|process)_\\w+");

  @TempDir private Path folder;
  private final String name = "watch-" + UUID.randomUUID();
  private final HttpClient http = HttpClient.newHttpClient();
  private Servers servers;
  private WorkerProcess worker;
  private URI address;

  @BeforeEach
  void start(Stack stack) throws Exception {
    servers = new Servers(stack);
    worker =
        servers.startWorker(folder, Map.of("BUTTRESS_HTTP", "127.0.0.1:0", "BUTTRESS_LOG", "json"));
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    Matcher port = PORT.matcher("");
    while (!port.find()) {
      assertThat(System.nanoTime()).as(worker.output()).isLessThan(deadline);
      Thread.sleep(50);
      port = PORT.matcher(worker.output());
    }
    address = URI.create("http://127.0.0.1:" + port.group(1));
    while (get("/livez").statusCode() != 200) {
      assertThat(System.nanoTime()).as(worker.output()).isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (worker != null) {
      worker.kill();
    }
    if (servers != null) {
      servers.terminate(name);
      servers.close();
    }
  }

  @Test
  void showsAStudy() throws Exception {
    servers.studies().start(name, study());
    servers.awaitTraining(name);
    assertThat(value(metrics(), "buttress_busy_slots")).isGreaterThanOrEqualTo(1);
    StudyResult result = servers.studies().result(name).get(300, TimeUnit.SECONDS);
    assertThat(result.done()).isEqualTo(2);

    List<String> metrics = metrics();
    assertThat(value(metrics, "buttress_trials_total{status=\"done\"}")).isEqualTo(2);
    assertThat(value(metrics, "buttress_trials_total{status=\"error\"}")).isZero();
    // A worker that is missed for a moment, on a busy machine, repeats some steps.
    double steps = value(metrics, "buttress_training_step_seconds_count");
    assertThat(steps).isBetween(2.0 * 2000, 4.0 * 2000);
    assertThat(value(metrics, "buttress_training_examples_total"))
        .isBetween(8 * steps, 8 * steps + 128);
    assertThat(value(metrics, "buttress_training_step_seconds{quantile=\"0.5\"}"))
        .isBetween(1e-5, 10.0);
    assertThat(value(metrics, "buttress_checkpoint_seconds_count")).isGreaterThanOrEqualTo(1);
    assertThat(value(metrics, "buttress_checkpoint_bytes{quantile=\"0.5\"}")).isGreaterThan(1000);
    assertThat(value(metrics, "buttress_checkpoint_failures_total")).isZero();
    assertThat(value(metrics, "buttress_bytes_total{direction=\"written\",place=\"store\"}"))
        .isGreaterThan(1000);
    assertThat(value(metrics, "buttress_cache_hits_total")).isGreaterThanOrEqualTo(1);
    awaitServedAndEmptyQueue();

    dashboardAndAlertsAskForWhatIsThere(metrics);
    logsAreFieldsOfTheStudy();
  }

  /** The worker asks the server for these now and then. */
  private void awaitServedAndEmptyQueue() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    List<String> metrics = metrics();
    while (value(metrics, "buttress_queue_pollers{queue=\"gpu\"}") < 1
        || value(metrics, "buttress_queue_backlog{queue=\"gpu\"}") > 0) {
      assertThat(System.nanoTime())
          .as("the worker polls, and no trial is left")
          .isLessThan(deadline);
      Thread.sleep(500);
      metrics = metrics();
    }
  }

  private void dashboardAndAlertsAskForWhatIsThere(List<String> metrics) throws Exception {
    Set<String> there =
        metrics.stream().map(line -> line.split("[{ ]")[0]).collect(Collectors.toSet());
    for (String file :
        List.of("../infra/grafana/buttress.json", "../infra/prometheus/alerts.yaml")) {
      Set<String> asked = new TreeSet<>();
      METRIC.matcher(Files.readString(Path.of(file))).results().forEach(m -> asked.add(m.group()));
      asked.removeAll(ON_OCCASION);
      assertThat(asked).as(file).isNotEmpty();
      assertThat(there).as("what %s asks for", file).containsAll(asked);
    }
  }

  private void logsAreFieldsOfTheStudy() throws Exception {
    List<JsonNode> trained = new ArrayList<>();
    for (String line : worker.output().lines().toList()) {
      JsonNode event = Json.MAPPER.readTree(line);
      assertThat(event.path("level").asText()).as(line).isIn("INFO", "WARN", "ERROR");
      assertThat(event.path("time").asText()).as(line).startsWith("20");
      // Temporal's client knows of workflows and activities only.
      if (event.path("activity").asText().equals("FineTune")
          && event.path("logger").asText().startsWith("io.buttress.")) {
        trained.add(event);
      }
    }
    // The worker may have trained for another test before.
    assertThat(trained)
        .as(worker.output())
        .anyMatch(event -> event.path("study").asText().equals(name));
    for (JsonNode event : trained) {
      assertThat(event.path("trial").asText()).matches("[0-9a-f]{16}");
      assertThat(event.path("workflowId").asText())
          .isEqualTo(event.path("study").asText() + "/" + event.path("trial").asText());
      assertThat(event.path("runId").asText()).isNotEmpty();
      assertThat(event.path("attempt").asText()).matches("[1-9]");
    }
  }

  @Test
  void aWorkerThatIsToldToStopIsNotReadyButLives() throws Exception {
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    servers.studies().start(name, study());
    servers.awaitTraining(name);
    worker.signal("TERM");
    // As long as it answers, it gives its trial back.
    boolean unready = false;
    try {
      while (worker.alive()) {
        int ready = get("/readyz").statusCode();
        unready |= ready == 503;
        assertThat(get("/livez").statusCode()).isEqualTo(200);
      }
    } catch (ConnectException e) {
      // It has ended.
    }
    assertThat(unready).isTrue();
  }

  @Test
  void aWrongSettingEndsItQuickly() throws Exception {
    for (Map<String, String> wrong :
        List.of(
            Map.of("BUTTRESS_HTTP", "nowhere"),
            Map.of("BUTTRESS_HTTP", "127.0.0.1:" + address.getPort()),
            Map.of("BUTTRESS_LOG", "yaml"),
            Map.of("BUTTRESS_POD", "pod"))) {
      try (WorkerProcess process = servers.startWorker(folder, wrong)) {
        assertThat(process.await()).as(process.output()).isEqualTo(Exit.SERVICE);
        assertThat(process.output()).contains(wrong.keySet().iterator().next());
      }
    }
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(address.resolve(path)).build(), BodyHandlers.ofString());
  }

  private List<String> metrics() throws Exception {
    return get("/metrics").body().lines().filter(line -> !line.startsWith("#")).toList();
  }

  private static double value(List<String> metrics, String sample) {
    return metrics.stream()
        .filter(line -> line.startsWith(sample + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
        .findFirst()
        .orElseGet(() -> fail("no " + sample + " in " + String.join("\n", metrics)));
  }

  private JsonNode study() throws Exception {
    Path model = TinyModel.write(folder.resolve("model"));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"], "methods": [{"id": "stl"}],
         "seeds": [%d, %d], "execution": {"checkpointEvery": "1s"},
         "training": {"steps": 2000, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(name, model.toUri(), name.hashCode(), name.hashCode() + 1L));
  }
}
