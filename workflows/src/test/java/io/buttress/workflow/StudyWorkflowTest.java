package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.Failures;
import io.buttress.study.StudyResult;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.ApplicationFailure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How a study goes as a whole, and what ends it. */
@Timeout(60)
class StudyWorkflowTest extends StudyEnvironment {
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
  void probesWhatFineTunedEncodersAreComparedWithOnceBeforeTheFirstTrial() {
    Map<String, Object> study = new java.util.HashMap<>(study(2, 1, "stl"));
    study.put("collapse", Map.of("probes", List.of("sample:entailment", "sample:sentiment")));

    assertThat(run(study).done()).isEqualTo(2);
    assertThat(steps.calls)
        .filteredOn(call -> call.startsWith("p") || call.startsWith("fineTune"))
        .startsWith("planStudy")
        .containsSubsequence(
            "planPage 0",
            "probePretrained probes.sample:entailment",
            "fineTune stl 1",
            "fineTune stl 2")
        .contains("prepareDataset sample:entailment")
        .filteredOn(call -> call.startsWith("probe"))
        .as("its own task is no probe, and trials share the other")
        .hasSize(1);
  }

  @Test
  void aProbeThatCannotBeRunIsTheEndOfTheTrialsThatNeedIt() {
    Map<String, Object> study = new java.util.HashMap<>(study(1, 1, "stl"));
    study.put("tasks", List.of("sample:sentiment", "sample:entailment"));
    study.put("collapse", Map.of("probes", List.of("sample:entailment")));
    steps.onProbe =
        request -> {
          throw fatal("too long", Failures.INVALID_STUDY);
        };

    StudyResult result = run(study);
    assertThat(result.done()).isEqualTo(1);
    assertThat(result.failed()).isEqualTo(1);
  }

  @Test
  void readsThePlanInPages() {
    assertThat(run(study(101, 50, "stl")).done()).isEqualTo(101);
    assertThat(steps.calls)
        .filteredOn(c -> c.startsWith("planPage"))
        .containsExactly("planPage 0", "planPage 100");
    assertThat(steps.outcomes).hasSize(101);
  }

  // Runs more than 500 trials.
  @Tag("slow")
  @Test
  void continuesAsNewAfter500Trials() {
    WorkflowStub stub = begin(study(510, 50, "stl"));
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(510);
    String newest =
        environment
            .getWorkflowClient()
            .newUntypedWorkflowStub("study")
            .describe()
            .getExecution()
            .getRunId();
    assertThat(newest).isNotEqualTo(stub.getExecution().getRunId());
    assertThat(steps.calls).contains("planPage 500");
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
              assertThat(e.getStackTrace())
                  .noneMatch(at -> at.getClassName().startsWith("io.buttress.workflow.Causes"));
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
  void aBadDataFileEndsTheStudyWhileOthersAreStillRead() {
    AtomicBoolean stopped = new AtomicBoolean();
    steps.onPrepare =
        request -> {
          if (request.task().spec().id().equals("sample:entailment")) {
            throw fatal("train.tsv line 7: 3 fields, expected 4", Failures.INVALID_DATA);
          }
          try {
            untilCancelled();
          } finally {
            stopped.set(true);
          }
        };
    Map<String, Object> study = new java.util.HashMap<>(study(1, 1, "stl"));
    study.put("tasks", List.of("sample:sentiment", "sample:entailment"));

    assertThat(failure(study)).hasMessageContaining("line 7");
    for (int i = 0; i < 600 && !stopped.get(); i++) {
      pause(Duration.ofMillis(50));
    }
    assertThat(stopped).isTrue();
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
}
