package io.buttress.worker;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.buttress.storage.ArtifactStore;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.mlflow.tracking.MlflowClient;

/** The servers of {@code infra/stack} that the environment names. */
final class Servers implements AutoCloseable {
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
        Set.of(
            "TEMPORAL_ADDRESS", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL_S3", "BUTTRESS_STACK")) {
      if (System.getenv(variable) == null) {
        String reason = variable + " is not set: run infra/stack up and source its env file";
        if (System.getenv("CI") != null) {
          fail(reason);
        }
        assumeTrue(false, reason);
      }
    }
    return new Servers();
  }

  StudyClient studies() {
    return new StudyClient(temporal);
  }

  ArtifactStore artifacts() {
    return artifacts;
  }

  MlflowClient mlflow() {
    return mlflow;
  }

  /** Checkpoints of a trial, by its fingerprint or the beginning of it. */
  List<String> checkpoints(String fingerprint) throws IOException {
    return artifacts.objects().list("checkpoints/" + fingerprint);
  }

  /**
   * @param folder may be read by the worker, which keeps its cache and log there
   */
  WorkerProcess startWorker(Path folder) throws IOException {
    return WorkerProcess.start(
        Files.createTempFile(folder, "worker-", ".log"),
        Map.of("BUTTRESS_HOME", folder.resolve("home").toString(), "BUTTRESS_FILE_ROOTS", "/"),
        "worker");
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
