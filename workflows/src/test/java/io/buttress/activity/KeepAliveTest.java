package io.buttress.activity;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.common.RetryOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

// Waits out a heartbeat's timeout.
@Tag("slow")
class KeepAliveTest {

  @ActivityInterface
  public interface Slow {
    int slow();
  }

  @WorkflowInterface
  public interface OneStep {
    @WorkflowMethod
    int run();
  }

  public static final class OneStepImpl implements OneStep {
    @Override
    public int run() {
      return Workflow.newActivityStub(
              Slow.class,
              ActivityOptions.newBuilder()
                  .setStartToCloseTimeout(Duration.ofMinutes(1))
                  .setHeartbeatTimeout(Duration.ofSeconds(1))
                  .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(2).build())
                  .build())
          .slow();
    }
  }

  /** First attempt: longer than the heartbeat timeout, with one heartbeat of its own. */
  private static final class SlowImpl implements Slow {
    private volatile Integer details;

    @Override
    public int slow() {
      var context = Activity.getExecutionContext();
      if (context.getInfo().getAttempt() == 1) {
        try {
          context.heartbeat(42);
          TimeUnit.MILLISECONDS.sleep(2_000);
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        throw new IllegalStateException("try again");
      }
      details = context.getHeartbeatDetails(Integer.class).orElse(null);
      return context.getInfo().getAttempt();
    }
  }

  @Test
  @Timeout(30)
  void outlivesTheHeartbeatTimeoutAndKeepsTheDetails() {
    TestEnvironmentOptions options =
        TestEnvironmentOptions.newBuilder()
            .setUseTimeskipping(false)
            .setWorkerFactoryOptions(
                WorkerFactoryOptions.newBuilder().setWorkerInterceptors(new KeepAlive()).build())
            .build();
    SlowImpl activity = new SlowImpl();
    try (TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance(options)) {
      Worker worker = environment.newWorker("queue");
      worker.registerWorkflowImplementationTypes(OneStepImpl.class);
      worker.registerActivitiesImplementations(activity);
      environment.start();
      OneStep workflow =
          environment
              .getWorkflowClient()
              .newWorkflowStub(
                  OneStep.class, WorkflowOptions.newBuilder().setTaskQueue("queue").build());
      long begun = System.nanoTime();
      assertThat(workflow.run()).isEqualTo(2);
      // A heartbeat timeout would have begun the second attempt before the first was over.
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(2));
      assertThat(activity.details).isEqualTo(42);
    }
  }
}
