package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Two workers train one trial at once: the first one was given up, but is not dead. */
@ExtendWith(StackExtension.class)
final class OverlapIT {
  @TempDir private Path folder;
  private final String name = "overlap-" + UUID.randomUUID();
  private Servers servers;

  @BeforeEach
  void connect(Stack stack) throws Exception {
    servers = new Servers(stack);
  }

  @AfterEach
  void disconnect() {
    if (servers != null) {
      servers.terminate(name);
      servers.close();
    }
  }

  // The other one overlaps for longer: both workers train all the time.
  @EnabledIfEnvironmentVariable(
      named = Extent.VARIABLE,
      matches = "1",
      disabledReason = "CI_FULL=1 runs it")
  @Test
  void aWorkerThatStoodStillComesBack() throws Exception {
    JsonNode study = study(4000);
    try (WorkerProcess first = servers.startWorker(folder)) {
      servers.studies().start(name, study);
      String trial = servers.awaitTraining(name);
      servers.awaitCheckpoint(trial, 1);
      first.signal("STOP");
      try (WorkerProcess second = servers.startWorker(folder)) {
        servers.awaitCheckpoint(trial, 2);
        first.signal("CONT");
        servers.studies().result(name).get(300, TimeUnit.SECONDS);
        assertThat(second.output()).contains("going on from step");
        EndedStudy.check(servers, name, study, folder.resolve("end"));
      }
    }
  }

  @Test
  void aWorkerThatLostTemporalTrainsToTheEnd() throws Exception {
    JsonNode study = study(3000);
    String address = servers.stack().variable("TEMPORAL_ADDRESS");
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    try (Relay relay = new Relay(port);
        WorkerProcess first =
            servers.startWorker(folder, Map.of("TEMPORAL_ADDRESS", relay.address()))) {
      servers.studies().start(name, study);
      String trial = servers.awaitTraining(name);
      servers.awaitCheckpoint(trial, 1);
      relay.cut();
      try (WorkerProcess second = servers.startWorker(folder)) {
        servers.awaitCheckpoint(trial, 2);
        servers.studies().result(name).get(300, TimeUnit.SECONDS);
        assertThat(first.alive()).isTrue();
        assertThat(second.output()).contains("going on from step");
        EndedStudy.check(servers, name, study, folder.resolve("end"));
      }
    }
  }

  private JsonNode study(int steps) throws Exception {
    Path model = TinyModel.write(Files.createDirectories(folder.resolve("model")));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"],
         "methods": [{"id": "repina-mlp", "lambda": 0.1}], "seeds": [%d],
         "execution": {"checkpointEvery": "1s"},
         "training": {"steps": %d, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // A seed of its own keeps this study's trial apart from those of earlier runs.
            .formatted(name, model.toUri(), name.hashCode(), steps));
  }
}
