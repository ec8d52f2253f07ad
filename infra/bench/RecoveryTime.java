package io.buttress.worker;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.buttress.activity.FineTune.Position;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.common.converter.DefaultDataConverter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * How long after its start a worker trains again what another one was killed over: until the first
 * heartbeat with a step beyond the checkpoint. Heartbeats with steps come every two seconds.
 *
 * <p>Arguments: the program's jar, model folder, rounds.
 */
final class RecoveryTime {
  private static final double BAR = 10;
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(5);

  private final WorkflowClient temporal;
  private final StudyClient studies;
  private final String jar;
  private final Path scratch = Files.createTempDirectory("recovery-");
  private final Random random = new Random(1);

  private RecoveryTime(WorkflowClient temporal, String jar) throws IOException {
    this.temporal = temporal;
    this.studies = new StudyClient(temporal);
    this.jar = jar;
  }

  /** A trial's attempt that trains. */
  private record Training(int attempt, Position position) {}

  public static void main(String[] arguments) throws Exception {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    WorkflowClient temporal = Connections.temporal(new Environment(System.getenv()));
    boolean held =
        new RecoveryTime(temporal, arguments[0])
            .measure(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
    System.exit(held ? 0 : 1);
  }

  /** False when a median is over the bar. */
  private boolean measure(Path model, int rounds) throws Exception {
    String study = "recovery-" + UUID.randomUUID();
    Process worker = startWorker();
    Map<Integer, List<Double>> seconds = new TreeMap<>();
    try {
      start(study, model);
      String trial = awaitTrial(study);
      for (int round = 0; round < rounds; round++) {
        for (int pause : List.of(0, 10)) {
          Training before = awaitTraining(trial, 0, true);
          // Somewhere between two heartbeats.
          Thread.sleep(random.nextInt(2000));
          worker.destroyForcibly().waitFor();
          Thread.sleep(1000L * pause);
          long start = System.nanoTime();
          worker = startWorker();
          awaitTraining(trial, before.attempt() + 1, false);
          double took = (System.nanoTime() - start) / 1e9;
          seconds.computeIfAbsent(pause, key -> new ArrayList<>()).add(took);
          System.err.printf("started after %d s: trains again after %.1f s%n", pause, took);
        }
      }
      studies.cancel(study);
    } finally {
      worker.destroyForcibly().waitFor();
    }
    return report(seconds);
  }

  private static boolean report(Map<Integer, List<Double>> seconds) {
    boolean held = true;
    System.out.println("| replacing worker, started | trains again after, median | range |");
    System.out.println("| --- | ---: | ---: |");
    for (Map.Entry<Integer, List<Double>> entry : seconds.entrySet()) {
      List<Double> sorted = entry.getValue().stream().sorted().toList();
      int half = sorted.size() / 2;
      double median = (sorted.get(half) + sorted.get(sorted.size() - 1 - half)) / 2;
      held &= median <= BAR;
      System.out.printf(
          "| %s | %.1f s | %.1f to %.1f s |%n",
          entry.getKey() == 0 ? "at once" : entry.getKey() + " s after the kill",
          median,
          sorted.get(0),
          sorted.get(sorted.size() - 1));
    }
    return held;
  }

  private Process startWorker() throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    ProcessBuilder builder =
        new ProcessBuilder(
            java.toString(), "-Djava.io.tmpdir=" + scratch, "-jar", jar, "worker");
    builder.environment().put("BUTTRESS_HOME", scratch.resolve("home").toString());
    builder.environment().put("BUTTRESS_FILE_ROOTS", "/");
    Path log = scratch.resolve("worker.log");
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return builder.start();
  }

  private void start(String name, Path model) throws IOException {
    studies.start(
        name,
        Json.MAPPER.readTree(
            """
            {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"], "methods": [{"id": "stl"}],
             "seeds": [%d], "execution": {"checkpointEvery": "1s", "keepModels": "none"},
             "training": {"steps": 1000000, "batchSize": 16, "maxLength": 64}}
            """
                .formatted(name, model.toUri(), name.hashCode())));
  }

  private String awaitTrial(String study) throws InterruptedException {
    for (long start = System.nanoTime(); System.nanoTime() - start < PATIENCE; Thread.sleep(200)) {
      try {
        for (StudyProgress.Running trial : studies.progress(study).running()) {
          if (training(trial.workflowId()).isPresent()) {
            return trial.workflowId();
          }
        }
      } catch (RuntimeException e) {
        // No worker answers queries yet, or the trial's workflow is not there yet.
      }
    }
    throw new IllegalStateException("no trial starts; see " + scratch);
  }

  /**
   * @param own whether to wait for a checkpoint of the attempt's own
   */
  private Training awaitTraining(String trial, int attempt, boolean own)
      throws InterruptedException {
    for (long start = System.nanoTime(); System.nanoTime() - start < PATIENCE; Thread.sleep(50)) {
      Optional<Training> training = training(trial);
      if (training.isPresent()
          && training.get().attempt() >= attempt
          && (!own || hasOwnCheckpoint(training.get()))) {
        return training.get();
      }
    }
    throw new IllegalStateException("the trial does not train; see " + scratch);
  }

  private static boolean hasOwnCheckpoint(Training training) {
    String checkpoint = training.position().checkpoint();
    return checkpoint != null && checkpoint.contains("-" + training.attempt() + "/");
  }

  /** By a heartbeat of the attempt that runs now, not by what an earlier one left. */
  private Optional<Training> training(String trial) {
    for (PendingActivityInfo activity :
        temporal
            .getWorkflowServiceStubs()
            .blockingStub()
            .describeWorkflowExecution(
                DescribeWorkflowExecutionRequest.newBuilder()
                    .setNamespace(temporal.getOptions().getNamespace())
                    .setExecution(WorkflowExecution.newBuilder().setWorkflowId(trial))
                    .build())
            .getPendingActivitiesList()) {
      Timestamp started = activity.getLastStartedTime();
      if (activity.getActivityType().getName().equals("FineTune")
          && activity.getState() == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
          && activity.hasHeartbeatDetails()
          && Timestamps.compare(activity.getLastHeartbeatTime(), started) > 0) {
        Position position =
            DefaultDataConverter.STANDARD_INSTANCE.fromPayloads(
                0, Optional.of(activity.getHeartbeatDetails()), Position.class, Position.class);
        if (position != null && position.step() > 0) {
          return Optional.of(new Training(activity.getAttempt(), position));
        }
      }
    }
    return Optional.empty();
  }
}
