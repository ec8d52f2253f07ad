package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testserver.TestServer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TemporalReachabilityTest {

  @Test
  void learnsThatTheServerIsGone() throws Exception {
    TestServer.InProcessTestServer server = TestServer.createServer(true);
    WorkflowServiceStubs stubs =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder().setChannel(server.getChannel()).build());
    try (TemporalReachability temporal = new TemporalReachability(stubs, Duration.ofMillis(10))) {
      assertThat(temporal.answers()).isTrue();
      server.close();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (temporal.answers()) {
        assertThat(System.nanoTime()).as("it is asked all the time").isLessThan(deadline);
        Thread.sleep(10);
      }
    } finally {
      stubs.shutdownNow();
      server.close();
    }
  }
}
