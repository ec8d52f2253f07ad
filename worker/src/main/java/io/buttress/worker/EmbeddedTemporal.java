package io.buttress.worker;

import io.temporal.client.WorkflowClient;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testserver.TestServer;

/** A Temporal server inside this process, without a port; its state ends with it. */
final class EmbeddedTemporal implements AutoCloseable {
  private final TestServer.InProcessTestServer server;
  private final WorkflowServiceStubs stubs;

  EmbeddedTemporal() {
    boolean lockTimeSkipping = true;
    server = TestServer.createServer(lockTimeSkipping);
    stubs =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setChannel(server.getChannel()).build());
  }

  WorkflowClient client() {
    return WorkflowClient.newInstance(stubs);
  }

  @Override
  public void close() {
    stubs.shutdownNow();
    server.close();
  }
}
