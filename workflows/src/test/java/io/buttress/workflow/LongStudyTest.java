package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.activity.Failures;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.study.TrialStatus;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Studies too long for one run of their workflow. */
@Timeout(60)
// Runs studies of hundreds of trials.
@Tag("slow")
class LongStudyTest extends StudyEnvironment {
  /** Where servers begin to suggest it. */
  private static final int SUGGESTED_EVENTS = 4096;

  @Override
  @BeforeEach
  void start() {
    start(ShortRuns.class);
  }

  /** How many trials each run of the workflow started. */
  private List<Long> trialsByRun(WorkflowStub study) {
    List<Long> trials = new ArrayList<>();
    String runId = study.getExecution().getRunId();
    while (!runId.isEmpty()) {
      List<HistoryEvent> events =
          environment.getWorkflowClient().fetchHistory("study", runId).getEvents();
      trials.add(
          events.stream()
              .filter(HistoryEvent::hasStartChildWorkflowExecutionInitiatedEventAttributes)
              .count());
      runId =
          events
              .get(events.size() - 1)
              .getWorkflowExecutionContinuedAsNewEventAttributes()
              .getNewExecutionRunId();
    }
    return trials;
  }

  @Test
  void endsAsIfThereHadBeenOneRun() {
    WorkflowStub stub = begin(study(8, 2, "stl"));
    StudyResult result = stub.getResult(StudyResult.class);

    assertThat(trialsByRun(stub)).containsExactly(3L, 3L, 2L);
    assertThat(result.planned()).isEqualTo(8);
    assertThat(result.done()).isEqualTo(8);
    assertThat(result.failed()).isZero();
    assertThat(steps.outcomes).hasSize(8);
    for (String once :
        List.of("planStudy", "openStudyRun", "prepareDataset", "report", "closeStudyRun")) {
      assertThat(steps.count(once)).as(once).isEqualTo(1);
    }
    assertThat(steps.count("fineTune")).isEqualTo(8);
    assertThat(stub.query("progress", StudyProgress.class))
        .isEqualTo(new StudyProgress(8, 8, 0, List.of(), false, 0L));
  }

  @Test
  void aStudyThatFillsItsRunDoesNotContinue() {
    WorkflowStub stub = begin(study(ShortRuns.TRIALS, 2, "stl"));
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(ShortRuns.TRIALS);
    assertThat(trialsByRun(stub)).containsExactly(3L);
  }

  @Test
  void continuesWhenTheServerFindsTheHistoryLong() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch signalled = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          running.countDown();
          await(signalled);
        };
    WorkflowStub stub = begin(study(4, 1, "stl"));
    await(running);
    while (stub.describe().getHistoryLength() <= SUGGESTED_EVENTS) {
      stub.signal("resume");
    }
    signalled.countDown();

    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(4);
    assertThat(trialsByRun(stub)).containsExactly(1L, 3L);
  }

  @Test
  void failuresOfAllRunsAreCounted() {
    steps.onFineTune =
        trial -> {
          if (trial.seed() % 2 == 0) {
            throw fatal("no such layer", Failures.INVALID_STUDY);
          }
        };
    StudyResult result = run(study(7, 2, "stl"));
    assertThat(result.done()).isEqualTo(4);
    assertThat(result.failed()).isEqualTo(3);
  }

  @Test
  void choosesAndRefitsInWhicheverRunItComesToThat() {
    Map<String, Object> study = new HashMap<>(study(4, 2, "stl"));
    study.put("methods", List.of(Map.of("id", "repina-i", "lambda", List.of(0.01, 0.1))));
    study.put("selection", Map.of("fraction", 0.1));
    WorkflowStub stub = begin(study);
    StudyResult result = stub.getResult(StudyResult.class);

    // Eight of the search, four refits: the third run comes to the choice, the last only refits.
    assertThat(trialsByRun(stub)).containsExactly(3L, 3L, 3L, 3L);
    assertThat(result.planned()).isEqualTo(12);
    assertThat(result.done()).isEqualTo(12);
    assertThat(steps.count("selectSettings")).isEqualTo(1);
    assertThat(steps.count("fineTune search")).isEqualTo(8);
    assertThat(steps.count("fineTune repina-i")).isEqualTo(4);
    assertThat(steps.calls).endsWith("report selected", "closeStudyRun DONE");
  }

  @Test
  void whatWasSetFromOutsideOutlivesTheRun() {
    CountDownLatch third = new CountDownLatch(1);
    CountDownLatch set = new CountDownLatch(1);
    CountDownLatch together = new CountDownLatch(2);
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 3) {
            third.countDown();
            await(set);
          } else if (trial.seed() > 3) {
            together.countDown();
            await(together);
          }
        };
    WorkflowStub stub = begin(study(5, 1, "stl"));
    await(third);
    stub.update("setMaxParallelTrials", Void.class, 2);
    stub.signal("pause");
    set.countDown();
    environment.sleep(Duration.ofHours(1));

    WorkflowStub newest = environment.getWorkflowClient().newUntypedWorkflowStub("study");
    StudyProgress progress = newest.query("progress", StudyProgress.class);
    assertThat(progress.done()).isEqualTo(3);
    assertThat(progress.planned()).isEqualTo(5);
    assertThat(progress.paused()).isTrue();
    assertThat(progress.running()).isEmpty();
    newest.signal("resume");
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(5);
    assertThat(trialsByRun(stub)).containsExactly(3L, 2L);
  }

  @Test
  void aLaterRunCanBeCancelled() {
    CountDownLatch running = new CountDownLatch(2);
    steps.onFineTune =
        trial -> {
          if (trial.seed() > 3) {
            running.countDown();
            untilCancelled();
          }
        };
    begin(study(9, 2, "stl"));
    await(running);
    WorkflowStub newest = environment.getWorkflowClient().newUntypedWorkflowStub("study");
    newest.cancel();

    assertThat(catchThrowable(() -> newest.getResult(StudyResult.class)).getCause())
        .isInstanceOf(CanceledFailure.class);
    assertThat(steps.outcomes).hasSize(5);
    assertThat(steps.outcomes.get("stl 5").status()).isEqualTo(TrialStatus.CANCELLED);
    assertThat(steps.calls).endsWith("closeStudyRun CANCELLED").doesNotContain("report");
  }

  static List<Object> wrong() {
    return List.of("x", 42, List.of(1), Map.of("paused", true), new byte[] {1, 2});
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aSecondArgumentEndsTheStudyAtOnce(Object second) {
    assertThat(failure(study(1, 1, "stl"), second))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> {
              assertThat(e.getType()).isEqualTo(Failures.INVALID_STUDY);
              assertThat(e.getOriginalMessage()).contains("second argument");
            });
    assertThat(steps.calls).isEmpty();
  }

  @Test
  void aSecondArgumentThatIsNullIsNone() {
    assertThat(begin(study(1, 1, "stl"), null).getResult(StudyResult.class).done()).isEqualTo(1);
  }
}
