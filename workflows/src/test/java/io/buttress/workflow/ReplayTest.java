package io.buttress.workflow;

import io.buttress.activity.Messages;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerOptions;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Replays recorded histories: fails when a change to workflow code would break studies in flight.
 *
 * <p>Such a change needs {@code Workflow.getVersion}; {@link RecordHistories} records anew once no
 * such studies are left.
 */
class ReplayTest {
  /** A busy machine takes more than the usual second to load the first workflow's classes. */
  private static final WorkerOptions PATIENT =
      WorkerOptions.newBuilder()
          .setDefaultDeadlockDetectionTimeout(Duration.ofMinutes(1).toMillis())
          .build();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "study",
        "trial",
        "failed-trial",
        "paused-study",
        "cancelled-study",
        "cancelled-trial",
        "selecting-study",
        "probing-study"
      })
  void replays(String history) throws Exception {
    replay(history, StudyWorkflowImpl.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"long-study-1", "long-study-2", "long-study-3"})
  void replaysRunsOfAStudyThatContinuedAsNew(String history) throws Exception {
    replay(history, ShortRuns.class);
  }

  private static void replay(String history, Class<? extends StudyWorkflowImpl> studyWorkflow)
      throws Exception {
    try (InputStream in = ReplayTest.class.getResourceAsStream("/histories/" + history + ".json");
        TestWorkflowEnvironment environment = environment()) {
      Worker worker = environment.newWorker("replays", PATIENT);
      worker.registerWorkflowImplementationTypes(studyWorkflow, TrialWorkflowImpl.class);
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      // The id is part of the children's ids, and is not in the history.
      WorkflowReplayer.replayWorkflowExecution(
          WorkflowExecutionHistory.fromJson(json, "study"), worker);
    }
  }

  private static TestWorkflowEnvironment environment() {
    return TestWorkflowEnvironment.newInstance(
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder().setDataConverter(Messages.CONVERTER).build())
            .build());
  }
}
