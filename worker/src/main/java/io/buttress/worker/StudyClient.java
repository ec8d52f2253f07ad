package io.buttress.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.activity.FineTune;
import io.buttress.activity.TaskQueues;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.grpc.StatusRuntimeException;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowExecutionMetadata;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts and observes studies on a Temporal server. */
final class StudyClient {
  private final WorkflowClient client;

  StudyClient(WorkflowClient client) {
    this.client = client;
  }

  /** Where a trial is: its current activity, and for training the step. */
  record Activity(String name, FineTune.Position position) {}

  /** The id under which {@code run} and {@code local} start a study: equal studies share it. */
  static String workflowId(JsonNode study) {
    ObjectNode named = (ObjectNode) study;
    return "study-" + named.path("name").asText() + "-" + Json.sha256(study).substring(0, 12);
  }

  /** Starts a study, or joins the running one with this id. */
  void start(String workflowId, JsonNode study) {
    client
        .newUntypedWorkflowStub(
            "Study",
            WorkflowOptions.newBuilder()
                .setTaskQueue(TaskQueues.STUDIES)
                .setWorkflowId(workflowId)
                .setWorkflowIdConflictPolicy(
                    WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
                .build())
        .start(study);
  }

  CompletableFuture<StudyResult> result(String workflowId) {
    return stub(workflowId).getResultAsync(StudyResult.class);
  }

  StudyProgress progress(String workflowId) {
    return stub(workflowId).query("progress", StudyProgress.class);
  }

  void cancel(String workflowId) {
    stub(workflowId).cancel();
  }

  /** The activity that a trial's workflow waits for; empty between activities. */
  Optional<Activity> activity(String trialWorkflowId) {
    List<PendingActivityInfo> pending =
        client
            .getWorkflowServiceStubs()
            .blockingStub()
            .describeWorkflowExecution(
                DescribeWorkflowExecutionRequest.newBuilder()
                    .setNamespace(client.getOptions().getNamespace())
                    .setExecution(WorkflowExecution.newBuilder().setWorkflowId(trialWorkflowId))
                    .build())
            .getPendingActivitiesList();
    if (pending.isEmpty()) {
      return Optional.empty();
    }
    PendingActivityInfo first = pending.get(0);
    String name = first.getActivityType().getName();
    FineTune.Position position = null;
    if (name.equals("FineTune") && first.getHeartbeatDetails().getPayloadsCount() > 0) {
      position =
          client
              .getOptions()
              .getDataConverter()
              .fromPayloads(
                  0,
                  Optional.of(first.getHeartbeatDetails()),
                  FineTune.Position.class,
                  FineTune.Position.class);
    }
    return Optional.of(new Activity(name, position));
  }

  /** The ends of the ids of trials that run: the first digits of their fingerprints. */
  Set<String> runningTrials() throws ServiceException {
    try (Stream<WorkflowExecutionMetadata> trials =
        client.listExecutions("WorkflowType = 'Trial' AND ExecutionStatus = 'Running'")) {
      return trials
          .map(trial -> trial.getExecution().getWorkflowId())
          .map(id -> id.substring(id.lastIndexOf('/') + 1))
          .collect(Collectors.toSet());
    } catch (StatusRuntimeException e) {
      throw new ServiceException("Temporal does not list what runs: " + e.getMessage(), e);
    }
  }

  private WorkflowStub stub(String workflowId) {
    return client.newUntypedWorkflowStub(workflowId);
  }
}
