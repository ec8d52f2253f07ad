package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import io.temporal.failure.ApplicationFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Studies on real servers. */
final class ServersIT extends OnServers {

  @BeforeEach
  void start() throws Exception {
    worker = startWorker(Map.of());
  }

  @Test
  void survivesTheDeathOfItsWorker() throws Exception {
    String id = name;
    client.start(id, study(2000));
    String trial = awaitTraining(id);
    awaitCheckpoint(trial);
    worker.kill();
    worker = startWorker(Map.of());

    StudyResult result = client.result(id).get(300, TimeUnit.SECONDS);
    assertThat(result.done()).isEqualTo(result.planned()).isEqualTo(2);
    JsonNode runs = runs();
    assertThat(runs).hasSize(result.planned() + 1);
    Set<String> fingerprints = new HashSet<>();
    for (JsonNode run : runs) {
      assertThat(run.path("info").path("status").asText()).isEqualTo("FINISHED");
      tag(run, "buttress.fingerprint").ifPresent(fingerprints::add);
    }
    assertThat(fingerprints).hasSize(result.planned());
    assertThat(worker.output()).contains("going on from step");
    assertThat(checkpoints(trial)).isEmpty();
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
}
