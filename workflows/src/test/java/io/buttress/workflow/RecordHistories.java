package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.study.StudyResult;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowStub;
import io.temporal.common.WorkflowExecutionHistory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * Records the histories that {@link ReplayTest} replays. Runs only when it is asked for: {@code mvn
 * -pl workflows test -Dtest=RecordHistories}, or one of its methods.
 */
class RecordHistories extends StudyEnvironment {
  private static final Path FOLDER = Path.of("src/test/resources/histories");

  /** Each test starts the workflow it needs. */
  @Override
  void start() {}

  @Test
  void study() throws IOException {
    start(StudyWorkflowImpl.class);
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 2) {
            throw fatal("no such layer", "InvalidStudy");
          }
        };
    WorkflowStub stub = begin(study(2, 2, "stl", "repina-i"));
    assertThat(stub.getResult(StudyResult.class).failed()).isEqualTo(2);
    write("study", history(stub));
    write("trial", child(stub, 0));
    write("failed-trial", child(stub, 1));
  }

  @Test
  void pausedStudy() throws IOException {
    start(StudyWorkflowImpl.class);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch paused = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          running.countDown();
          await(paused);
        };
    WorkflowStub stub = begin(study(4, 1, "stl"));
    await(running);
    stub.signal("pause");
    paused.countDown();
    environment.sleep(Duration.ofHours(1));
    stub.update("setMaxParallelTrials", Void.class, 2);
    stub.signal("resume");
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(4);
    write("paused-study", history(stub));
  }

  @Test
  void cancelledStudy() throws IOException {
    start(StudyWorkflowImpl.class);
    CountDownLatch running = new CountDownLatch(2);
    steps.onFineTune =
        trial -> {
          running.countDown();
          untilCancelled();
        };
    WorkflowStub stub = begin(study(3, 2, "stl"));
    await(running);
    stub.cancel();
    assertThat(catchThrowable(() -> stub.getResult(StudyResult.class))).isNotNull();
    write("cancelled-study", history(stub));
    write("cancelled-trial", child(stub, 0));
  }

  @Test
  void selectingStudy() throws IOException {
    start(StudyWorkflowImpl.class);
    WorkflowStub stub = begin(selecting(2));
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(6);
    write("selecting-study", history(stub));
  }

  @Test
  void probingStudy() throws IOException {
    start(StudyWorkflowImpl.class);
    WorkflowStub stub = begin(probing(2, "sample:sentiment", "sample:entailment"));
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(2);
    write("probing-study", history(stub));
  }

  /** Six trials of the search, three refits: the third run starts with the choice made. */
  @Test
  void longStudy() throws IOException {
    start(ShortRuns.class);
    WorkflowStub stub = begin(selecting(3));
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(9);
    String runId = stub.getExecution().getRunId();
    for (int run = 1; !runId.isEmpty(); run++) {
      WorkflowExecutionHistory history =
          environment.getWorkflowClient().fetchHistory("study", runId);
      write("long-study-" + run, history);
      runId =
          history
              .getLastEvent()
              .getWorkflowExecutionContinuedAsNewEventAttributes()
              .getNewExecutionRunId();
    }
  }

  /** Two settings, one of which is chosen and trained again. */
  private static Map<String, Object> selecting(int seeds) {
    Map<String, Object> study = new HashMap<>(study(seeds, 2, "stl"));
    study.put("methods", List.of(Map.of("id", "repina-i", "lambda", List.of(0.01, 0.1))));
    study.put("selection", Map.of("fraction", 0.1));
    return study;
  }

  private static Map<String, Object> probing(int seeds, String... probes) {
    Map<String, Object> study = new HashMap<>(study(seeds, 2, "stl"));
    study.put("collapse", Map.of("probes", List.of(probes)));
    return study;
  }

  private WorkflowExecutionHistory history(WorkflowStub study) {
    return environment.getWorkflowClient().fetchHistory("study", study.getExecution().getRunId());
  }

  private WorkflowExecutionHistory child(WorkflowStub study, int index) {
    String id =
        history(study).getEvents().stream()
            .filter(HistoryEvent::hasStartChildWorkflowExecutionInitiatedEventAttributes)
            .skip(index)
            .findFirst()
            .orElseThrow()
            .getStartChildWorkflowExecutionInitiatedEventAttributes()
            .getWorkflowId();
    return environment.getWorkflowClient().fetchHistory(id);
  }

  private static void write(String name, WorkflowExecutionHistory history) throws IOException {
    Files.writeString(FOLDER.resolve(name + ".json"), history.toJson(true));
  }
}
