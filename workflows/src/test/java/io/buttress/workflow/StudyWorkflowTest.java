package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.activity.Failures;
import io.buttress.activity.TaskQueues;
import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.study.TrialStatus;
import io.temporal.activity.Activity;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.testing.TestWorkflowEnvironment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class StudyWorkflowTest {
  private final FakeSteps steps = new FakeSteps();
  private final TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance();

  @BeforeEach
  void start() {
    steps.register(environment);
    environment.start();
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private static Map<String, Object> study(int seeds, int parallel, Object... methods) {
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

  private WorkflowStub begin(Object... input) {
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

  private StudyResult run(Object input) {
    return begin(input).getResult(StudyResult.class);
  }

  private Throwable failure(Object... input) {
    Throwable thrown = catchThrowable(() -> begin(input).getResult(StudyResult.class));
    assertThat(thrown).isInstanceOf(WorkflowFailedException.class);
    return thrown.getCause();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static RuntimeException fatal(String message, String type) {
    return ApplicationFailure.newNonRetryableFailure(message, type);
  }

  @Test
  void runsEveryStepInOrder() {
    StudyResult result = run(study(2, 1, "stl", "repina-i"));

    assertThat(result.planned()).isEqualTo(4);
    assertThat(result.done()).isEqualTo(4);
    assertThat(result.failed()).isZero();
    assertThat(result.reportKey()).isEqualTo("report");
    assertThat(result.studyKey()).matches("[0-9a-f]{64}");
    assertThat(steps.calls)
        .containsExactly(
            "planStudy",
            "openStudyRun",
            "prepareDataset sample:sentiment",
            "planPage 0",
            "snapshotRepresentations sample:sentiment validation",
            "openRun stl 1",
            "fineTune stl 1",
            "measureCollapse stl 1",
            "closeRun stl 1",
            "openRun stl 2",
            "fineTune stl 2",
            "measureCollapse stl 2",
            "closeRun stl 2",
            "snapshotRepresentations sample:sentiment train",
            "openRun repina-i 1",
            "fineTune repina-i 1",
            "measureCollapse repina-i 1",
            "closeRun repina-i 1",
            "openRun repina-i 2",
            "fineTune repina-i 2",
            "measureCollapse repina-i 2",
            "closeRun repina-i 2",
            "report",
            "closeStudyRun DONE");
    assertThat(steps.outcomes.get("stl 1").collapse().finetuned()).containsEntry("gm_5", 1.0);
  }

  @Test
  void neverExceedsMaxParallelTrials() {
    AtomicInteger inFlight = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch three = new CountDownLatch(3);
    steps.onFineTune =
        trial -> {
          most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
          three.countDown();
          await(three);
          inFlight.decrementAndGet();
        };
    assertThat(run(study(9, 3, "stl")).done()).isEqualTo(9);
    assertThat(most).hasValue(3);
  }

  @Test
  void preparesEachDatasetAndTakesEachSnapshotOnce() {
    Map<String, Object> study = new java.util.HashMap<>(study(2, 8, "stl", "repina-i"));
    study.put("tasks", List.of("sample:sentiment", "sample:entailment"));

    assertThat(run(study).done()).isEqualTo(8);
    assertThat(steps.calls).filteredOn(c -> c.startsWith("prepare")).hasSize(2);
    assertThat(steps.calls)
        .filteredOn(c -> c.startsWith("snapshot"))
        .hasSize(4)
        .doesNotHaveDuplicates();
    assertThat(steps.calls.indexOf("prepareDataset sample:entailment"))
        .isLessThan(steps.calls.indexOf("planPage 0"));
  }

  @Test
  void readsThePlanInPages() {
    assertThat(run(study(101, 50, "stl")).done()).isEqualTo(101);
    assertThat(steps.calls)
        .filteredOn(c -> c.startsWith("planPage"))
        .containsExactly("planPage 0", "planPage 100");
    assertThat(steps.outcomes).hasSize(101);
  }

  static List<Object[]> noObjects() {
    return List.of(
        new Object[] {new Object[] {}},
        new Object[] {new Object[] {"name: s"}},
        new Object[] {new Object[] {42}},
        new Object[] {new Object[] {List.of("a")}},
        new Object[] {new Object[] {new byte[] {1, 2, 3}}},
        new Object[] {new Object[] {null}});
  }

  @ParameterizedTest
  @MethodSource("noObjects")
  void aPayloadThatIsNoObjectEndsTheStudyAtOnce(Object[] input) {
    assertThat(failure(input))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> {
              assertThat(e.getType()).isEqualTo(Failures.INVALID_STUDY);
              assertThat(e.isNonRetryable()).isTrue();
              assertThat(e.getOriginalMessage().lines()).hasSize(1);
            });
    assertThat(steps.calls).isEmpty();
  }

  @Test
  void aBadStudyEndsAtOnceWithEveryProblem() {
    Map<String, Object> bad =
        Map.of(
            "tasks", List.of("no-such-task"),
            "methods", List.of(Map.of("id", "repina-i", "lambda", -1)),
            "colour", "red");
    assertThat(failure(bad))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> {
              assertThat(e.getType()).isEqualTo(Failures.INVALID_STUDY);
              assertThat(e.getOriginalMessage().lines().map(line -> line.replaceAll(":.*", "")))
                  .containsExactlyInAnyOrder("name", "tasks[0]", "methods[0].lambda", "colour");
            });
    assertThat(steps.calls).isEmpty();
  }

  @Test
  void aHugeListOfProblemsStillEndsTheStudy() {
    Map<String, Object> bad = new java.util.HashMap<>(study(1, 1, "stl"));
    bad.put("seeds", java.util.Collections.nCopies(100_000, "x"));
    assertThat(((ApplicationFailure) failure(bad)).getOriginalMessage())
        .hasSizeLessThan(110_000)
        .startsWith("seeds[0]: must be a whole number")
        .endsWith("... and more");
  }

  @Test
  void whatPlanningFindsWrongEndsTheStudyUnchanged() {
    steps.onPlan =
        spec -> {
          throw fatal(
              "models[0]: no such folder\ntasks[0].train: no such file", Failures.INVALID_STUDY);
        };
    assertThat(failure(study(1, 1, "stl")))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> {
              assertThat(e.getType()).isEqualTo(Failures.INVALID_STUDY);
              assertThat(e.getOriginalMessage())
                  .isEqualTo("models[0]: no such folder\ntasks[0].train: no such file");
            });
    assertThat(steps.calls).containsExactly("planStudy");
  }

  @Test
  void aBadDataFileEndsTheStudyBeforeAnyTrial() {
    steps.onPrepare =
        request -> {
          throw fatal("train.tsv line 7: 3 fields, expected 4", Failures.INVALID_DATA);
        };
    assertThat(failure(study(3, 2, "stl")))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> {
              assertThat(e.getType()).isEqualTo(Failures.INVALID_DATA);
              assertThat(e.getOriginalMessage())
                  .isEqualTo("train.tsv line 7: 3 fields, expected 4");
            });
    assertThat(steps.calls)
        .containsExactly(
            "planStudy", "openStudyRun", "prepareDataset sample:sentiment", "closeStudyRun ERROR");
  }

  @Test
  void aServiceThatNeverAnswersAtTheStartEndsTheStudy() {
    steps.onPlan =
        spec -> {
          throw new IllegalStateException("cannot write to the bucket");
        };
    assertThat(failure(study(1, 1, "stl"))).hasMessageContaining("cannot write to the bucket");
    assertThat(steps.count("planStudy")).isEqualTo(6);
  }

  @Test
  void aFailingTrialDoesNotFailTheStudy() {
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 2) {
            throw ApplicationFailure.newNonRetryableFailureWithCause(
                "cannot read\nthe model",
                "ModelError",
                new IllegalStateException("header too short"));
          }
        };
    StudyResult result = run(study(3, 2, "stl"));

    assertThat(result.done()).isEqualTo(2);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(steps.outcomes.get("stl 2").status()).isEqualTo(TrialStatus.ERROR);
    assertThat(steps.outcomes.get("stl 2").failure())
        .isEqualTo("fineTune: cannot read; the model: header too short");
    assertThat(steps.outcomes.get("stl 2").fineTuned()).isNull();
    assertThat(steps.count("measureCollapse stl 2")).isZero();
    assertThat(steps.calls).endsWith("report", "closeStudyRun DONE");
  }

  @Test
  void aTrialWhoseCollapseCannotBeMeasuredKeepsItsMetrics() {
    steps.onMeasure =
        trial -> {
          throw fatal("not finite", "Measure");
        };
    assertThat(run(study(1, 1, "stl")).failed()).isEqualTo(1);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.ERROR);
    assertThat(steps.outcomes.get("stl 1").fineTuned().metrics().get("validation"))
        .containsEntry("accuracy", 0.75);
  }

  @Test
  void aDivergedTrialIsAResult() {
    steps.fineTuned = TrialStatus.DIVERGED;
    assertThat(run(study(1, 1, "stl")).done()).isEqualTo(1);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.DIVERGED);
    assertThat(steps.outcomes.get("stl 1").failure()).contains("NaN");
    assertThat(steps.count("measureCollapse")).isZero();
  }

  @Test
  void fineTuningIsTriedAgainButNotForEver() {
    steps.onFineTune =
        trial -> {
          boolean last = Activity.getExecutionContext().getInfo().getAttempt() == 3;
          if (trial.seed() == 2 || !last) {
            throw new IllegalStateException("out of memory");
          }
        };
    StudyResult result = run(study(2, 1, "stl"));

    assertThat(steps.count("fineTune stl 1")).isEqualTo(3);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.DONE);
    assertThat(steps.count("fineTune stl 2")).isEqualTo(5);
    assertThat(steps.outcomes.get("stl 2").failure()).isEqualTo("fineTune: out of memory");
    assertThat(result.failed()).isEqualTo(1);
  }

  @Test
  void aSilentWorkerIsReplaced() {
    CountDownLatch never = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          if (Activity.getExecutionContext().getInfo().getAttempt() == 1) {
            await(never);
          }
        };
    try {
      assertThat(run(study(1, 1, "stl")).done()).isEqualTo(1);
      assertThat(steps.count("fineTune stl 1")).isEqualTo(2);
    } finally {
      never.countDown();
    }
  }

  @Test
  void aFailedSnapshotFailsItsTrialsOnly() {
    steps.onSnapshot =
        request -> {
          if (request.split().equals("train")) {
            throw fatal("the model has no layer 40", Failures.INVALID_STUDY);
          }
        };
    StudyResult result = run(study(2, 2, "stl", "repina-i"));

    assertThat(result.done()).isEqualTo(2);
    assertThat(result.failed()).isEqualTo(2);
    assertThat(steps.count("snapshotRepresentations")).isEqualTo(2);
    assertThat(steps.outcomes.get("repina-i 2").status()).isEqualTo(TrialStatus.ERROR);
    assertThat(steps.outcomes.get("repina-i 2").failure())
        .isEqualTo("snapshotRepresentations: the model has no layer 40");
    assertThat(steps.outcomes.get("stl 2").status()).isEqualTo(TrialStatus.DONE);
  }

  @Test
  void anUnreachableTrackingServerLosesNoResult() {
    steps.onCloseRun =
        trial -> {
          if (Activity.getExecutionContext().getInfo().getAttempt() < 30) {
            throw new IllegalStateException("connection refused");
          }
        };
    assertThat(run(study(1, 1, "stl")).done()).isEqualTo(1);
    assertThat(steps.count("fineTune")).isEqualTo(1);
    assertThat(steps.count("closeRun")).isEqualTo(30);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.DONE);
  }

  @Test
  void aResultThatCannotBeRecordedIsAFailure() {
    steps.onCloseRun =
        trial -> {
          throw fatal("the experiment is deleted", "Tracking");
        };
    assertThat(run(study(1, 1, "stl")).failed()).isEqualTo(1);
  }

  @Test
  void cancellationClosesEveryRun() {
    CountDownLatch running = new CountDownLatch(2);
    steps.onFineTune =
        trial -> {
          running.countDown();
          untilCancelled();
        };
    WorkflowStub stub = begin(study(5, 2, "stl"));
    await(running);
    stub.cancel();

    assertThat(catchThrowable(() -> stub.getResult(StudyResult.class)).getCause())
        .isInstanceOf(CanceledFailure.class);
    assertThat(steps.outcomes).hasSize(2);
    assertThat(steps.outcomes.values())
        .allSatisfy(o -> assertThat(o.status()).isEqualTo(TrialStatus.CANCELLED));
    assertThat(steps.calls).endsWith("closeStudyRun CANCELLED").doesNotContain("report");
    assertThat(steps.count("fineTune")).isEqualTo(2);
  }

  @Test
  void oneTrialCanBeCancelledByItself() {
    CountDownLatch running = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 1) {
            running.countDown();
            untilCancelled();
          }
        };
    WorkflowStub stub = begin(study(2, 1, "stl"));
    await(running);
    StudyProgress progress = stub.query("progress", StudyProgress.class);
    environment
        .getWorkflowClient()
        .newUntypedWorkflowStub(progress.running().get(0).workflowId())
        .cancel();

    StudyResult result = stub.getResult(StudyResult.class);
    assertThat(result.done()).isEqualTo(1);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.CANCELLED);
    assertThat(steps.count("closeRun stl 1")).isEqualTo(1);
  }

  @Test
  void tellsItsProgress() {
    CountDownLatch third = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          pause(Duration.ofMillis(600));
          if (trial.seed() == 3) {
            third.countDown();
            await(asked);
          }
        };
    WorkflowStub stub = begin(study(4, 1, "stl"));
    await(third);
    StudyProgress progress = stub.query("progress", StudyProgress.class);
    asked.countDown();

    assertThat(progress.planned()).isEqualTo(4);
    assertThat(progress.done()).isEqualTo(2);
    assertThat(progress.failed()).isZero();
    assertThat(progress.paused()).isFalse();
    assertThat(progress.etaSeconds()).isBetween(1L, 20L);
    assertThat(progress.running())
        .singleElement()
        .satisfies(
            trial -> {
              assertThat(trial.workflowId()).matches("study/[0-9a-f]{16}");
              assertThat(trial.task()).isEqualTo("sample:sentiment");
              assertThat(trial.method()).isEqualTo("stl");
              assertThat(trial.seed()).isEqualTo(3);
              assertThat(trial.activity()).isEqualTo("trial");
            });
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(4);
    StudyProgress end = stub.query("progress", StudyProgress.class);
    assertThat(end.running()).isEmpty();
    assertThat(end.etaSeconds()).isZero();
  }

  @Test
  void progressIsWrittenAsTheDesignHasIt() {
    assertThat(Json.canonical(new StudyProgress(4, 2, 1, List.of(), false, null)))
        .isEqualTo(
            "{\"done\":2,\"etaSeconds\":null,\"failed\":1,\"paused\":false,\"planned\":4,"
                + "\"running\":[]}");
  }

  private static void untilCancelled() {
    while (true) {
      // Throws once the activity is cancelled.
      Activity.getExecutionContext().heartbeat(null);
      pause(Duration.ofMillis(50));
    }
  }

  private static void pause(Duration duration) {
    try {
      TimeUnit.MILLISECONDS.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
