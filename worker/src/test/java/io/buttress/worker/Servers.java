package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.buttress.stack.Stack;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.tracking.MlflowClient;

/** Real servers, with clients of them and with workers. */
final class Servers implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Stack stack;
  private final WorkflowClient temporal;
  private final ArtifactStore artifacts;
  private final MlflowClient mlflow;

  Servers(Stack stack) throws ServiceException {
    this.stack = stack;
    Environment environment = new Environment(stack.environment());
    temporal = Connections.temporal(environment);
    artifacts = Connections.artifacts(environment);
    mlflow = new MlflowClient(stack.variable("MLFLOW_TRACKING_URI"));
  }

  Stack stack() {
    return stack;
  }

  StudyClient studies() {
    return new StudyClient(temporal);
  }

  ArtifactStore artifacts() {
    return artifacts;
  }

  String bucket() {
    return stack.variable("BUTTRESS_BUCKET");
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
  WorkerProcess startWorker(Path folder) throws IOException {
    return startWorker(folder, Map.of());
  }

  /**
   * @param environment beside what it needs
   */
  WorkerProcess startWorker(Path folder, Map<String, String> environment) throws IOException {
    Map<String, String> all = new HashMap<>(stack.environment());
    all.putAll(environment);
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

  @Override
  public void close() {
    mlflow.close();
    artifacts.objects().close();
    temporal.getWorkflowServiceStubs().shutdownNow();
  }
}
