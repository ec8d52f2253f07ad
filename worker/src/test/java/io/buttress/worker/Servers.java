package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.buttress.storage.ArtifactStore;
import io.buttress.study.StudyProgress;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.tracking.MlflowClient;

/** The servers of {@code infra/stack} that the environment names. */
final class Servers implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Environment environment = new Environment(System.getenv());
  private final WorkflowClient temporal;
  private final ArtifactStore artifacts;
  private final MlflowClient mlflow;

  private Servers() throws ServiceException {
    temporal = Connections.temporal(environment);
    artifacts = Connections.artifacts(environment);
    mlflow = new MlflowClient(environment.require("MLFLOW_TRACKING_URI", "a server"));
  }

  /** Without servers the test fails in CI and is skipped elsewhere. */
  static Servers connect() throws ServiceException {
    for (String variable :
        List.of(
            "TEMPORAL_ADDRESS", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL_S3", "BUTTRESS_STACK")) {
      require(variable, "run infra/stack up and source its env file");
    }
    return new Servers();
  }

  /** The value of a variable. Without it the test fails in CI and is skipped elsewhere. */
  static String require(String variable, String otherwise) {
    String value = System.getenv(variable);
    if (value == null || value.isEmpty()) {
      String reason = variable + " is not set: " + otherwise;
      if (System.getenv("CI") != null) {
        fail(reason);
      }
      assumeTrue(false, reason);
    }
    return value;
  }

  StudyClient studies() {
    return new StudyClient(temporal);
  }

  ArtifactStore artifacts() {
    return artifacts;
  }

  String bucket() throws ServiceException {
    return environment.require("BUTTRESS_BUCKET", "a bucket that exists");
  }

  MlflowClient mlflow() {
    return mlflow;
  }

  /** The MLflow runs of studies with a name, and of their trials. */
  List<Run> runs(String study) {
    String experiment = mlflow.getExperimentByName(study).orElseThrow().getExperimentId();
    return mlflow.searchRuns(List.of(experiment), "", null, 1000).getItems();
  }

  /** Checkpoints of a trial, by its fingerprint or the beginning of it. */
  List<String> checkpoints(String fingerprint) throws IOException {
    return artifacts.objects().list("checkpoints/" + fingerprint);
  }

  /**
   * @param folder of its log and its cache
   */
  static WorkerProcess startWorker(Path folder) throws IOException {
    return startWorker(folder, Map.of());
  }

  /**
   * @param environment beside what it needs
   */
  static WorkerProcess startWorker(Path folder, Map<String, String> environment)
      throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    all.put("BUTTRESS_HOME", folder.resolve("home").toString());
    all.put("BUTTRESS_FILE_ROOTS", "/");
    return WorkerProcess.start(Files.createTempFile(folder, "worker-", ".log"), all, "worker");
  }

  /**
   * Waits until a study's trial reports a step.
   *
   * @return the beginning of its fingerprint, with which its workflow's id ends
   */
  String awaitTraining(String workflowId) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      try {
        for (StudyProgress.Running trial : studies().progress(workflowId).running()) {
          Optional<StudyClient.Activity> activity = studies().activity(trial.workflowId());
          if (activity
              .map(StudyClient.Activity::position)
              .filter(at -> at.step() > 0)
              .isPresent()) {
            return trial.workflowId().substring(trial.workflowId().lastIndexOf('/') + 1);
          }
        }
      } catch (RuntimeException e) {
        // No worker answers queries yet.
      }
      Thread.sleep(200);
    }
    return fail("no trial of " + workflowId + " trains");
  }

  /** Waits until an attempt at a trial, numbered from 1, has left a whole checkpoint. */
  void awaitCheckpoint(String fingerprint, int attempt) throws Exception {
    String manifest = "-" + attempt + "/\\d+\\.json$";
    Predicate<String> found = Pattern.compile(manifest).asPredicate();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (checkpoints(fingerprint).stream().noneMatch(found)) {
      assertThat(System.nanoTime()).as("a checkpoint is due every second").isLessThan(deadline);
      Thread.sleep(50);
    }
  }

  WorkflowExecutionStatus status(String workflowId) {
    return temporal
        .getWorkflowServiceStubs()
        .blockingStub()
        .describeWorkflowExecution(
            DescribeWorkflowExecutionRequest.newBuilder()
                .setNamespace(temporal.getOptions().getNamespace())
                .setExecution(WorkflowExecution.newBuilder().setWorkflowId(workflowId))
                .build())
        .getWorkflowExecutionInfo()
        .getStatus();
  }

  /** Ends a study that a failed test left running, so that others' workers do not train for it. */
  void terminate(String workflowId) {
    try {
      temporal.newUntypedWorkflowStub(workflowId).terminate("the test has ended");
    } catch (WorkflowNotFoundException e) {
      // It has ended, or never began.
    }
  }

  /**
   * kill -9.
   *
   * @param server {@code temporal}, {@code minio} or {@code mlflow}
   */
  static void kill(String server) throws IOException, InterruptedException {
    stack("kill", server);
  }

  /** Starts what is dead and waits until it answers. */
  static void up() throws IOException, InterruptedException {
    stack("up");
  }

  private static void stack(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("../infra/stack"));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--dir", System.getenv("BUTTRESS_STACK")));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + output);
    }
  }

  @Override
  public void close() {
    mlflow.close();
    artifacts.objects().close();
    temporal.getWorkflowServiceStubs().shutdownNow();
  }
}
