package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.activity.Messages;
import io.buttress.activity.TaskQueues;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.temporal.activity.Activity;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A server that skips time, and fake steps to run studies on. */
@Timeout(60)
abstract class StudyEnvironment {
  final FakeSteps steps = new FakeSteps();
  // No machine's name gets into histories that are recorded.
  final TestWorkflowEnvironment environment =
      TestWorkflowEnvironment.newInstance(
          TestEnvironmentOptions.newBuilder()
              .setWorkflowClientOptions(
                  WorkflowClientOptions.newBuilder()
                      .setIdentity("test")
                      .setDataConverter(Messages.CONVERTER)
                      .build())
              .build());

  @BeforeEach
  void start() {
    start(StudyWorkflowImpl.class);
  }

  void start(Class<? extends StudyWorkflowImpl> studyWorkflow) {
    steps.register(environment, studyWorkflow);
    environment.start();
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  static Map<String, Object> study(int seeds, int parallel, Object... methods) {
    return Map.of(
        "name",
        "s",
        "tasks",
        List.of("sample:sentiment"),
        "methods",
        java.util.stream.Stream.of(methods).map(id -> Map.of("id", id)).toList(),
        "seeds",
        java.util.stream.IntStream.rangeClosed(1, seeds).boxed().toList(),
        "execution",
        Map.of("maxParallelTrials", parallel));
  }

  WorkflowStub begin(Object... input) {
    WorkflowStub stub =
        environment
            .getWorkflowClient()
            .newUntypedWorkflowStub(
                "Study",
                WorkflowOptions.newBuilder()
                    .setWorkflowId("study")
                    .setTaskQueue(TaskQueues.STUDIES)
                    .build());
    stub.start(input);
    return stub;
  }

  StudyResult run(Object input) {
    return begin(input).getResult(StudyResult.class);
  }

  Throwable failure(Object... input) {
    Throwable thrown = catchThrowable(() -> begin(input).getResult(StudyResult.class));
    assertThat(thrown).isInstanceOf(WorkflowFailedException.class);
    return thrown.getCause();
  }

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Asks a running study for its progress until it is so. */
  static StudyProgress progress(WorkflowStub study, Predicate<StudyProgress> condition) {
    for (int i = 0; i < 600; i++) {
      StudyProgress progress = study.query("progress", StudyProgress.class);
      if (condition.test(progress)) {
        return progress;
      }
      pause(Duration.ofMillis(50));
    }
    throw new AssertionError("the study never gets there");
  }

  static RuntimeException fatal(String message, String type) {
    return ApplicationFailure.newNonRetryableFailure(message, type);
  }

  static void untilCancelled() {
    while (true) {
      // Throws once the activity is cancelled.
      Activity.getExecutionContext().heartbeat(null);
      pause(Duration.ofMillis(50));
    }
  }

  static void pause(Duration duration) {
    try {
      TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
