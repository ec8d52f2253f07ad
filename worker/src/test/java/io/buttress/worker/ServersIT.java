package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.temporal.client.WorkflowClient;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies on the servers that the environment names: Temporal, MinIO, MLflow. */
final class ServersIT {
  @TempDir private Path folder;
  private final Environment environment = new Environment(System.getenv());
  private final String name = "it-" + UUID.randomUUID();
  private WorkerProcess worker;
  private StudyClient client;

  @BeforeEach
  void connect() throws Exception {
    for (String variable :
        Set.of("TEMPORAL_ADDRESS", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL_S3")) {
      if (environment.get(variable).isEmpty()) {
        if (System.getenv("CI") != null) {
          fail(variable + " is not set: start the servers with infra/stack up");
        }
        assumeTrue(false, variable + " is not set: start the servers with infra/stack up");
      }
    }
    WorkflowClient temporal = Connections.temporal(environment);
    client = new StudyClient(temporal);
    worker = startWorker();
  }

  @AfterEach
  void stopWorker() throws Exception {
    if (worker != null) {
      worker.kill();
    }
  }

  @Test
  void survivesTheDeathOfItsWorker() throws Exception {
    String id = name;
    client.start(id, study(2000));
    String trial = awaitTraining(id);
    awaitCheckpoint(trial);
    worker.kill();
    worker = startWorker();

    StudyResult result = client.result(id).get(300, TimeUnit.SECONDS);
    assertThat(result.done()).isEqualTo(result.planned()).isEqualTo(2);
    JsonNode runs = runs();
    assertThat(runs).hasSize(result.planned() + 1);
    Set<String> fingerprints = new HashSet<>();
    for (JsonNode run : runs) {
      assertThat(run.path("info").path("status").asText()).isEqualTo("FINISHED");
      for (JsonNode tag : run.path("data").path("tags")) {
        if (tag.path("key").asText().equals("buttress.fingerprint")) {
          fingerprints.add(tag.path("value").asText());
        }
      }
    }
    assertThat(fingerprints).hasSize(result.planned());
    assertThat(worker.output()).contains("going on from step");
    assertThat(checkpoints(trial)).isEmpty();
  }

  @Test
  void pruningTakesNothingFromAStudyThatRuns() throws Exception {
    String id = name;
    // More steps than are done meanwhile.
    client.start(id, study(1_000_000));
    String trial = awaitTraining(id);
    awaitCheckpoint(trial);
    String loose = "blobs/" + Json.sha256(name);
    String ended = "checkpoints/" + Json.sha256(name) + "/run-1/10.json";
    try (ObjectStore store = Connections.artifacts(environment).objects()) {
      Path file = Files.writeString(folder.resolve("loose"), name);
      store.putIfAbsent(loose, file);
      store.putIfAbsent(ended, file);

      assertThat(prune("--dry-run")).contains("would remove from the bucket");
      assertThat(store.exists(loose)).isTrue();
      assertThat(store.exists(ended)).isTrue();
      assertThat(prune()).contains("removing from the bucket");
      assertThat(store.exists(loose)).isFalse();
      assertThat(store.exists(ended)).isFalse();
    }
    worker.kill();
    worker = startWorker();
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (!worker.output().contains("going on from step")) {
      assertThat(System.nanoTime()).as(worker.output()).isLessThan(deadline);
      Thread.sleep(100);
    }

    client.cancel(id);
    assertThatThrownBy(() -> client.result(id).get(120, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(CanceledFailure.class);
    prune();
    assertThat(checkpoints(trial)).as("nobody waits for this trial any more").isEmpty();
  }

  /** However young things are; returns what it says. */
  private String prune(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("prune", "--older-than", "0s"));
    arguments.addAll(List.of(options));
    try (WorkerProcess process =
        WorkerProcess.start(
            Files.createTempFile(folder, "prune-", ".log"),
            Map.of("BUTTRESS_HOME", folder.resolve("prune-home").toString()),
            arguments.toArray(String[]::new))) {
      assertThat(process.await()).as(process.output()).isEqualTo(Exit.DONE);
      return process.output();
    }
  }

  @Test
  void failsABadStudyAtOnceWithEveryProblem() throws Exception {
    JsonNode bad =
        Json.MAPPER.readTree(
            "{\"name\": \"bad\", \"tasks\": [\"nope\"], \"methods\": [{\"id\": \"repina-i\","
                + " \"lambda\": -1}], \"sedes\": [1]}");
    client.start(name + "-first", bad);
    // The worker may still be starting; afterwards it has no excuse.
    assertThatThrownBy(() -> client.result(name + "-first").get(60, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(ApplicationFailure.class);
    client.start(name, bad);
    assertThatThrownBy(() -> client.result(name).get(5, TimeUnit.SECONDS))
        .rootCause()
        .hasMessageContaining("tasks[0]")
        .hasMessageContaining("methods[0].lambda")
        .hasMessageContaining("sedes");
  }

  /** Until one is whole. */
  private void awaitCheckpoint(String trial) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (checkpoints(trial).stream().noneMatch(key -> key.endsWith(".json"))) {
      assertThat(System.nanoTime()).as("a checkpoint is due every second").isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  /** A trial's workflow id ends with the beginning of its fingerprint. */
  private List<String> checkpoints(String trial) throws Exception {
    try (ObjectStore store = Connections.artifacts(environment).objects()) {
      return store.list("checkpoints/" + trial.substring(trial.lastIndexOf('/') + 1));
    }
  }

  /** Until a trial reports a step; returns its workflow id. */
  private String awaitTraining(String workflowId) throws Exception {
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

  private JsonNode study(int steps) throws Exception {
    Path model = TinyModel.write(folder.resolve("model"));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"], "methods": [{"id": "stl"}],
         "seeds": [%d, %d], "execution": {"checkpointEvery": "1s"},
         "training": {"steps": %d, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(name, model.toUri(), name.hashCode(), name.hashCode() + 1L, steps));
  }

  private WorkerProcess startWorker() throws Exception {
    Map<String, String> variables = new HashMap<>();
    variables.put("BUTTRESS_HOME", folder.resolve("home").toString());
    variables.put("BUTTRESS_FILE_ROOTS", folder.toRealPath().toString());
    return WorkerProcess.start(
        Files.createTempFile(folder, "worker-", ".log"), variables, "worker");
  }

  private JsonNode runs() throws Exception {
    JsonNode experiment = get("experiments/get-by-name?experiment_name=" + name).path("experiment");
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

  private JsonNode get(String path) throws Exception {
    return send(HttpRequest.newBuilder(api(path)).build());
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
