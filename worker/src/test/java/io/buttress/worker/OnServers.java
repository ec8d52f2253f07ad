package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Studies on the servers that the environment names: Temporal, MinIO, MLflow. */
abstract class OnServers {
  @TempDir Path folder;
  final Environment environment = new Environment(System.getenv());
  final String name = "it-" + UUID.randomUUID();
  StudyClient client;
  WorkerProcess worker;

  @BeforeEach
  void connect() throws Exception {
    for (String variable :
        List.of("TEMPORAL_ADDRESS", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL_S3")) {
      require(variable, "start the servers with infra/stack up");
    }
    client = new StudyClient(Connections.temporal(environment));
  }

  /** Without it the test fails in CI and is skipped elsewhere. */
  String require(String variable, String otherwise) throws ServiceException {
    Optional<String> value = environment.get(variable);
    if (value.isEmpty()) {
      String reason = variable + " is not set: " + otherwise;
      if (System.getenv("CI") != null) {
        fail(reason);
      }
      assumeTrue(false, reason);
    }
    return value.orElseThrow();
  }

  @AfterEach
  void stopWorker() throws Exception {
    if (worker != null) {
      worker.kill();
    }
  }

  /**
   * @param variables beside what this process has
   */
  WorkerProcess startWorker(Map<String, String> variables) throws Exception {
    Map<String, String> all = new HashMap<>(variables);
    all.put("BUTTRESS_HOME", folder.resolve("home").toString());
    all.put("BUTTRESS_FILE_ROOTS", folder.toRealPath().toString());
    return WorkerProcess.start(Files.createTempFile(folder, "worker-", ".log"), all, "worker");
  }

  /** Until a trial reports a step; returns its workflow id. */
  String awaitTraining(String workflowId) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (System.nanoTime() < deadline) {
      try {
        StudyProgress progress = client.progress(workflowId);
        for (StudyProgress.Running trial : progress.running()) {
          Optional<StudyClient.Activity> activity = client.activity(trial.workflowId());
          if (activity.isPresent()
              && activity.get().position() != null
              && activity.get().position().step() > 0) {
            return trial.workflowId();
          }
        }
      } catch (RuntimeException e) {
        // No worker answers queries yet.
      }
      Thread.sleep(200);
    }
    return fail("no trial trains; the worker says:\n" + worker.output());
  }

  /** The MLflow runs of the study with this test's name. */
  JsonNode runs() throws Exception {
    JsonNode experiment =
        mlflow("experiments/get-by-name?experiment_name=" + name).path("experiment");
    HttpRequest request =
        HttpRequest.newBuilder(api("runs/search"))
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"experiment_ids\": [\""
                        + experiment.path("experiment_id").asText()
                        + "\"], \"max_results\": 100}"))
            .build();
    return send(request).path("runs");
  }

  JsonNode mlflow(String path) throws Exception {
    return send(HttpRequest.newBuilder(api(path)).build());
  }

  static Optional<String> tag(JsonNode run, String key) {
    for (JsonNode tag : run.path("data").path("tags")) {
      if (tag.path("key").asText().equals(key)) {
        return Optional.of(tag.path("value").asText());
      }
    }
    return Optional.empty();
  }

  private URI api(String path) throws Exception {
    return URI.create(
        environment.require("MLFLOW_TRACKING_URI", "a server") + "/api/2.0/mlflow/" + path);
  }

  private static JsonNode send(HttpRequest request) throws Exception {
    HttpResponse<byte[]> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.statusCode()).isEqualTo(200);
    return Json.MAPPER.readTree(response.body());
  }
}
