package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.TaskQueues;
import io.buttress.study.StudyResult;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Replays recorded histories: fails when a change to workflow code would break studies in flight.
 *
 * <p>Such a change needs {@code Workflow.getVersion}. To record anew once no such studies are left:
 * {@code mvn -pl workflows test -Dtest=ReplayTest -Dbuttress.record=true}.
 */
class ReplayTest {
  private static final String FOLDER = "histories";
  private static final String STUDY = "study";

  @ParameterizedTest
  @ValueSource(strings = {"study.json", "trial.json", "failed-trial.json"})
  void replays(String history) throws Exception {
    try (InputStream in = getClass().getResourceAsStream("/" + FOLDER + "/" + history)) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      // The id is part of the children's ids, and is not in the history.
      WorkflowReplayer.replayWorkflowExecution(
          WorkflowExecutionHistory.fromJson(json, STUDY),
          StudyWorkflowImpl.class,
          TrialWorkflowImpl.class);
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "buttress.record", matches = "true")
  void record() throws Exception {
    FakeSteps steps = new FakeSteps();
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 2) {
            throw ApplicationFailure.newNonRetryableFailure("no such layer", "InvalidStudy");
          }
        };
    TestEnvironmentOptions options =
        TestEnvironmentOptions.newBuilder()
            .setWorkflowClientOptions(
                WorkflowClientOptions.newBuilder().setIdentity("recorder").build())
            .build();
    try (TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance(options)) {
      steps.register(environment, StudyWorkflowImpl.class);
      environment.start();
      WorkflowClient client = environment.getWorkflowClient();
      WorkflowStub stub =
          client.newUntypedWorkflowStub(
              "Study",
              WorkflowOptions.newBuilder()
                  .setWorkflowId(STUDY)
                  .setTaskQueue(TaskQueues.STUDIES)
                  .build());
      stub.start(
          Map.of(
              "name", "recorded",
              "tasks", List.of("sample:sentiment"),
              "methods", List.of(Map.of("id", "stl"), Map.of("id", "repina-i")),
              "seeds", List.of(1, 2),
              "execution", Map.of("maxParallelTrials", 2)));
      StudyResult result = stub.getResult(StudyResult.class);
      assertThat(result.failed()).isEqualTo(2);
      String study = client.fetchHistory(STUDY).toJson(true);
      Path folder = Files.createDirectories(Path.of("src/test/resources", FOLDER));
      Files.writeString(folder.resolve("study.json"), study);
      List<String> children =
          client.fetchHistory(STUDY).getEvents().stream()
              .filter(event -> event.hasStartChildWorkflowExecutionInitiatedEventAttributes())
              .map(
                  event ->
                      event
                          .getStartChildWorkflowExecutionInitiatedEventAttributes()
                          .getWorkflowId())
              .toList();
      Files.writeString(
          folder.resolve("trial.json"), client.fetchHistory(children.get(0)).toJson(true));
      Files.writeString(
          folder.resolve("failed-trial.json"), client.fetchHistory(children.get(1)).toJson(true));
    }
  }
}
