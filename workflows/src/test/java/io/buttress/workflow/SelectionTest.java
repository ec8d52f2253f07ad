package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.activity.Failures;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.study.TrialStatus;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Studies that choose settings, then train the chosen ones again. */
@Timeout(60)
class SelectionTest extends StudyEnvironment {

  /** Two settings of repina-i. */
  private static Map<String, Object> study(int seeds, int parallel, boolean refit) {
    Map<String, Object> study = new HashMap<>(study(seeds, parallel, "stl"));
    study.put("methods", List.of(Map.of("id", "repina-i", "lambda", List.of(0.01, 0.1))));
    study.put("selection", Map.of("fraction", 0.1, "refit", refit));
    return study;
  }

  private List<String> fineTuned() {
    return steps.calls.stream().filter(call -> call.startsWith("fineTune")).toList();
  }

  @Test
  void refitsFollowTheChoiceAndTheReportKnowsBoth() {
    StudyResult result = run(study(2, 1, true));

    assertThat(fineTuned())
        .containsExactly(
            "fineTune search repina-i 1",
            "fineTune search repina-i 2",
            "fineTune search repina-i 1",
            "fineTune search repina-i 2",
            "fineTune repina-i 1",
            "fineTune repina-i 2");
    List<String> calls = steps.calls;
    assertThat(calls.indexOf("selectSettings"))
        .isGreaterThan(calls.lastIndexOf("closeRun search repina-i 2"))
        .isLessThan(calls.indexOf("selectedPage 0"));
    assertThat(calls).endsWith("report selected", "closeStudyRun DONE");
    assertThat(result.planned()).isEqualTo(6);
    assertThat(result.done()).isEqualTo(6);
    assertThat(steps.count("snapshotRepresentations")).as("shared by refits").isEqualTo(2);
    assertThat(steps.count("prepareDataset")).isEqualTo(1);
  }

  @Test
  void withoutRefitTheChosenTrialsAreReportedAsTheyAre() {
    StudyResult result = run(study(2, 2, false));

    assertThat(fineTuned()).hasSize(4).allMatch(call -> call.contains("search"));
    assertThat(steps.calls).endsWith("selectSettings", "report selected", "closeStudyRun DONE");
    assertThat(result.planned()).isEqualTo(4);
  }

  // Runs 303 trials.
  @Tag("slow")
  @Test
  void refitsAreReadInPages() {
    assertThat(run(study(101, 50, true)).done()).isEqualTo(303);
    assertThat(steps.calls).contains("selectedPage 0", "selectedPage 100");
  }

  @Test
  void refitsJoinTheProgressOnceTheyAreChosen() {
    CountDownLatch searching = new CountDownLatch(1);
    CountDownLatch refitting = new CountDownLatch(1);
    CountDownLatch searchSeen = new CountDownLatch(1);
    CountDownLatch refitSeen = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          (trial.selection() == null ? refitting : searching).countDown();
          await(trial.selection() == null ? refitSeen : searchSeen);
        };
    WorkflowStub stub = begin(study(1, 1, true));
    await(searching);
    assertThat(stub.query("progress", StudyProgress.class).planned()).isEqualTo(2);
    searchSeen.countDown();
    await(refitting);
    StudyProgress progress = stub.query("progress", StudyProgress.class);
    refitSeen.countDown();

    assertThat(progress.planned()).isEqualTo(3);
    assertThat(progress.done()).isEqualTo(2);
    assertThat(progress.running()).hasSize(1);
    assertThat(stub.getResult(StudyResult.class).planned()).isEqualTo(3);
  }

  @Test
  void failedTrialsOfEitherPhaseAreCountedAndStopNothing() {
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 2) {
            throw fatal("no such layer", Failures.INVALID_STUDY);
          }
        };
    StudyResult result = run(study(2, 4, true));

    assertThat(result.planned()).isEqualTo(6);
    assertThat(result.done()).isEqualTo(3);
    assertThat(result.failed()).isEqualTo(3);
    assertThat(steps.outcomes.get("repina-i 2").status()).isEqualTo(TrialStatus.ERROR);
  }

  @Test
  void cancellationAmongTheRefitsClosesTheirRuns() {
    CountDownLatch running = new CountDownLatch(2);
    steps.onFineTune =
        trial -> {
          if (trial.selection() == null) {
            running.countDown();
            untilCancelled();
          }
        };
    WorkflowStub stub = begin(study(3, 2, true));
    await(running);
    stub.cancel();

    assertThat(catchThrowable(() -> stub.getResult(StudyResult.class)).getCause())
        .isInstanceOf(CanceledFailure.class);
    assertThat(steps.count("fineTune repina-i")).isEqualTo(2);
    assertThat(steps.outcomes.get("search repina-i 3").status()).isEqualTo(TrialStatus.DONE);
    assertThat(steps.outcomes)
        .hasSize(5)
        .hasEntrySatisfying(
            "repina-i 1", o -> assertThat(o.status()).isEqualTo(TrialStatus.CANCELLED))
        .hasEntrySatisfying(
            "repina-i 2", o -> assertThat(o.status()).isEqualTo(TrialStatus.CANCELLED));
    assertThat(steps.calls).endsWith("closeStudyRun CANCELLED").doesNotContain("report selected");
  }

  @Test
  void aChoiceThatCannotBeMadeEndsTheStudy() {
    steps.onSelect =
        () -> {
          throw fatal("artifact not found", "Lost");
        };
    assertThat(failure(study(1, 1, true)))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            e -> assertThat(e.getOriginalMessage()).isEqualTo("artifact not found"));
    assertThat(steps.calls).endsWith("closeStudyRun ERROR");
  }
}
