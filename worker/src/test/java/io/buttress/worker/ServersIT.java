package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.RunStatus;

/** Studies on the servers that the environment names: Temporal, MinIO, MLflow. */
@ExtendWith(StackExtension.class)
final class ServersIT {
  @TempDir private Path folder;
  private final String name = "it-" + UUID.randomUUID();
  private Servers servers;
  private WorkerProcess worker;

  @BeforeEach
  void connect(Stack stack) throws Exception {
    servers = new Servers(stack);
    worker = servers.startWorker(folder, Map.of("BUTTRESS_S3_BUCKETS", servers.bucket()));
  }

  @AfterEach
  void disconnect() throws Exception {
    if (worker != null) {
      worker.kill();
    }
    if (servers != null) {
      servers.terminate(name);
      servers.close();
    }
  }

  @Test
  void survivesTheDeathOfItsWorker() throws Exception {
    JsonNode study = study(2000, 2);
    servers.studies().start(name, study);
    servers.awaitCheckpoint(servers.awaitTraining(name), 1);
    worker.kill();
    worker = servers.startWorker(folder);

    StudyResult result = servers.studies().result(name).get(300, TimeUnit.SECONDS);
    assertThat(result.done()).isEqualTo(result.planned()).isEqualTo(2);
    assertThat(worker.output()).contains("going on from step");
    EndedStudy.check(servers, name, study, folder.resolve("end"));
  }

  @Test
  void aWorkerThatIsToldToStopHandsItsTrialOver() throws Exception {
    servers.studies().start(name, study(2000, 2));
    String trial = servers.awaitTraining(name);
    int seen = servers.studies().activity(name + "/" + trial).orElseThrow().position().step();
    try (WorkerProcess other = servers.startWorker(folder)) {
      assertThat(worker.terminate()).isEqualTo(128 + 15);
      assertThat(worker.output()).doesNotContain("ERROR");

      StudyResult result = servers.studies().result(name).get(300, TimeUnit.SECONDS);
      assertThat(result.done()).isEqualTo(result.planned());
      Matcher resumed = Pattern.compile("going on from step (\\d+)").matcher(other.output());
      assertThat(resumed.find()).as(other.output()).isTrue();
      assertThat(Integer.parseInt(resumed.group(1)))
          .as("a checkpoint of the last step, not of the last second")
          .isGreaterThanOrEqualTo(seen);
      assertThat(servers.checkpoints(trial)).isEmpty();
    }
  }

  @Test
  void cancellationLeavesNothingRunningAndNoCheckpoint() throws Exception {
    servers.studies().start(name, study(20_000, 2));
    String trial = servers.awaitTraining(name);
    servers.awaitCheckpoint(trial, 1);
    servers.studies().cancel(name);

    assertThatThrownBy(() -> servers.studies().result(name).get(60, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(CanceledFailure.class);
    assertThat(servers.runs(name))
        .hasSize(3)
        .allMatch(run -> run.getInfo().getStatus() == RunStatus.KILLED);
    assertThat(servers.checkpoints(trial)).isEmpty();
  }

  @Test
  void pruningTakesNothingFromAStudyThatRuns() throws Exception {
    // More steps than are done meanwhile, of one trial: else the new worker may take the other one.
    servers.studies().start(name, study(1_000_000, 1));
    String trial = servers.awaitTraining(name);
    servers.awaitCheckpoint(trial, 1);
    String loose = "blobs/" + Json.sha256(name);
    String ended = "checkpoints/" + Json.sha256(name) + "/run-1/10.json";
    ObjectStore store = servers.artifacts().objects();
    Path file = Files.writeString(folder.resolve("loose"), name);
    store.putIfAbsent(loose, file);
    store.putIfAbsent(ended, file);

    assertThat(prune("--dry-run")).contains("would remove from the bucket");
    assertThat(store.exists(loose)).isTrue();
    assertThat(store.exists(ended)).isTrue();
    assertThat(prune()).contains("removing from the bucket");
    assertThat(store.exists(loose)).isFalse();
    assertThat(store.exists(ended)).isFalse();

    worker.kill();
    worker = servers.startWorker(folder);
    servers.awaitCheckpoint(trial, 2);
    assertThat(worker.output()).contains("going on from step");
    servers.studies().cancel(name);
  }

  @Test
  void readsFromABucketThatItMayRead() throws Exception {
    Path table = folder.resolve("train.tsv.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(table))) {
      out.write("text\tlabel\ngood\tyes\nbad\tno\n".getBytes());
    }
    String key = name + "/train.tsv.gz";
    ObjectStore bucket = servers.artifacts().objects();
    bucket.putIfAbsent(key, table);
    try {
      String uri = "s3:" + servers.bucket() + "/" + key;
      ObjectNode study = (ObjectNode) study(5, 1);
      study.set(
          "tasks",
          Json.MAPPER.readTree(
              """
              [{"id": "mine", "text": "text", "label": "label", "train": "%s", "validation": "%s"}]
              """
                  .formatted(uri, uri)));
      servers.studies().start(name, study);
      assertThat(servers.studies().result(name).get(120, TimeUnit.SECONDS).done()).isEqualTo(1);

      String other = uri.replace(servers.bucket(), servers.bucket() + "-other");
      ((ObjectNode) study.at("/tasks/0")).put("train", other);
      servers.studies().start(name + "-other", study);
      assertThatThrownBy(() -> servers.studies().result(name + "-other").get(60, TimeUnit.SECONDS))
          .rootCause()
          .hasMessageContainingAll("tasks[0].train", "-other", "BUTTRESS_S3_BUCKETS");
    } finally {
      bucket.delete(key);
    }
  }

  @Test
  void checksServersAndWorkers() throws Exception {
    WorkerProcess check;
    int tries = 30;
    do {
      // The worker may still be starting.
      check = run(Map.of(), "check", "--queues", "studies,cpu,gpu");
    } while (check.await() != Exit.DONE && --tries > 0);
    assertThat(check.await()).as(check.output()).isEqualTo(Exit.DONE);
    assertThat(check.output()).contains("ok: MLflow", "ok: queue gpu");

    WorkerProcess noBucket = run(Map.of("BUTTRESS_BUCKET", "no-such-bucket"), "check");
    assertThat(noBucket.await()).isEqualTo(Exit.SERVICE);
    assertThat(noBucket.output()).contains("no-such-bucket").doesNotContain("ok: MLflow");
  }

  /** However young things are; returns what it says. */
  private String prune(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("prune", "--older-than", "0s"));
    arguments.addAll(List.of(options));
    WorkerProcess process = run(Map.of(), arguments.toArray(String[]::new));
    assertThat(process.await()).as(process.output()).isEqualTo(Exit.DONE);
    return process.output();
  }

  /** The command line, in a process that has ended. */
  private WorkerProcess run(Map<String, String> environment, String... arguments) throws Exception {
    Map<String, String> all = new HashMap<>(servers.stack().environment());
    all.putAll(environment);
    all.put("BUTTRESS_HOME", folder.resolve("command-home").toString());
    WorkerProcess process =
        WorkerProcess.start(Files.createTempFile(folder, "command-", ".log"), all, arguments);
    process.await();
    return process;
  }

  @Test
  void failsABadStudyAtOnceWithEveryProblem() throws Exception {
    JsonNode bad =
        Json.MAPPER.readTree(
            "{\"name\": \"bad\", \"tasks\": [\"nope\"], \"methods\": [{\"id\": \"repina-i\","
                + " \"lambda\": -1}], \"sedes\": [1]}");
    servers.studies().start(name + "-first", bad);
    // The worker may still be starting; afterwards it has no excuse.
    assertThatThrownBy(() -> servers.studies().result(name + "-first").get(60, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(ApplicationFailure.class);
    servers.studies().start(name, bad);
    assertThatThrownBy(() -> servers.studies().result(name).get(15, TimeUnit.SECONDS))
        .rootCause()
        .hasMessageContaining("tasks[0]")
        .hasMessageContaining("methods[0].lambda")
        .hasMessageContaining("sedes");
  }

  private JsonNode study(int steps, int trials) throws Exception {
    Path model = TinyModel.write(folder.resolve("model"));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"], "methods": [{"id": "stl"}],
         "seeds": %s, "execution": {"checkpointEvery": "1s"},
         "training": {"steps": %d, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(
                name,
                model.toUri(),
                LongStream.range(0, trials).map(i -> name.hashCode() + i).boxed().toList(),
                steps));
  }
}
