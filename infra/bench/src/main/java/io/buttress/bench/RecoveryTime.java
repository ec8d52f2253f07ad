package io.buttress.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.buttress.activity.FineTune.Position;
import io.buttress.activity.Messages;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.PendingActivityState;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * How long after its start a worker trains again what another one was killed over: until it has
 * done the first step beyond the checkpoint, as its own metrics tell.
 *
 * <p>Arguments: model folder, rounds, and the command that starts a worker.
 */
final class RecoveryTime {
  private static final double BAR = 10;
  private static final Pattern EXAMPLES =
      Pattern.compile("(?m)^buttress_training_examples_total [^0]");
  private static final long PATIENCE = TimeUnit.MINUTES.toNanos(5);

  private final WorkflowClient temporal;
  private final List<String> command;
  private final Path scratch = Files.createTempDirectory("recovery-");
  private final Random random = new Random(1);
  private final HttpClient http = HttpClient.newHttpClient();
  private URI metrics;

  private RecoveryTime(WorkflowClient temporal, List<String> command) throws IOException {
    this.temporal = temporal;
    this.command = command;
  }

  /** A trial's attempt that trains. */
  private record Training(int attempt, Position position) {}

  public static void main(String[] arguments) throws Exception {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    WorkflowClient temporal = Temporal.client(System.getenv("TEMPORAL_ADDRESS"));
    List<String> command = List.of(arguments).subList(2, arguments.length);
    boolean held =
        new RecoveryTime(temporal, command)
            .measure(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
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
          awaitCheckpoint(trial);
          // Somewhere between two heartbeats.
          Thread.sleep(random.nextInt(2000));
          worker.destroyForcibly().waitFor();
          Thread.sleep(1000L * pause);
          long start = System.nanoTime();
          worker = startWorker();
          awaitStep();
          double took = (System.nanoTime() - start) / 1e9;
          seconds.computeIfAbsent(pause, key -> new ArrayList<>()).add(took);
          System.err.printf("started after %d s: trains again after %.1f s%n", pause, took);
        }
      }
      temporal.newUntypedWorkflowStub(study).cancel();
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
      double median = Quantiles.median(entry.getValue());
      held &= median <= BAR;
      System.out.printf(
          "| %s | %.1f s | %.1f to %.1f s |%n",
          entry.getKey() == 0 ? "at once" : entry.getKey() + " s after the kill",
          median,
          Collections.min(entry.getValue()),
          Collections.max(entry.getValue()));
    }
    return held;
  }

  private Process startWorker() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      metrics = URI.create("http://127.0.0.1:" + free.getLocalPort() + "/metrics");
    }
    builder.environment().put("BUTTRESS_HTTP", metrics.getAuthority());
    builder.environment().put("BUTTRESS_HOME", scratch.resolve("home").toString());
    builder.environment().put("BUTTRESS_FILE_ROOTS", "/");
    Path log = scratch.resolve("worker.log");
    builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return builder.start();
  }

  private void start(String name, Path model) throws IOException {
    Temporal.start(
        temporal,
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
        StudyProgress progress =
            temporal.newUntypedWorkflowStub(study).query("progress", StudyProgress.class);
        for (StudyProgress.Running trial : progress.running()) {
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

  /** Waits until the attempt that runs has stored a checkpoint of its own. */
  private void awaitCheckpoint(String trial) throws InterruptedException {
    for (long start = System.nanoTime(); System.nanoTime() - start < PATIENCE; Thread.sleep(50)) {
      if (training(trial).filter(RecoveryTime::hasOwnCheckpoint).isPresent()) {
        return;
      }
    }
    throw new IllegalStateException("the trial does not train; see " + scratch);
  }

  /** Waits until the newest worker has done a training step. */
  private void awaitStep() throws InterruptedException {
    for (long start = System.nanoTime(); System.nanoTime() - start < PATIENCE; Thread.sleep(50)) {
      try {
        String text =
            http.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString()).body();
        if (EXAMPLES.matcher(text).find()) {
          return;
        }
      } catch (IOException e) {
        // It has not come so far.
      }
    }
    throw new IllegalStateException("the worker does not train; see " + scratch);
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
            Messages.CONVERTER.fromPayloads(
                0, Optional.of(activity.getHeartbeatDetails()), Position.class, Position.class);
        if (position != null && position.step() > 0) {
          return Optional.of(new Training(activity.getAttempt(), position));
        }
      }
    }
    return Optional.empty();
  }
}
