package io.buttress.bench;

import io.buttress.activity.Messages;
import io.buttress.activity.TaskQueues;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Duration;

/** Studies on a server that asks for no credentials, as the Temporal CLI starts them. */
final class Temporal {
  private Temporal() {}

  /**
   * Waits up to 30 s for the server.
   *
   * @param address {@code host:port}
   */
  static WorkflowClient client(String address) {
    WorkflowServiceStubs stubs =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
    stubs.connect(Duration.ofSeconds(30));
    return WorkflowClient.newInstance(
        stubs, WorkflowClientOptions.newBuilder().setDataConverter(Messages.CONVERTER).build());
  }

  /**
   * Starts a study.
   *
   * @param study anything whose JSON is a study
   */
  static WorkflowStub start(WorkflowClient client, String workflowId, Object study) {
    WorkflowStub stub =
        client.newUntypedWorkflowStub(
            "Study",
            WorkflowOptions.newBuilder()
                .setWorkflowId(workflowId)
                .setTaskQueue(TaskQueues.STUDIES)
                .build());
    stub.start(study);
    return stub;
  }
}
