package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.Failures;
import io.buttress.study.StudyResult;
import io.buttress.study.TrialStatus;
import io.temporal.activity.Activity;
import io.temporal.failure.ApplicationFailure;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of trials whose steps fail. */
@Timeout(60)
class TrialFailureTest extends StudyEnvironment {
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
  void fineTuningIsTriedAgainUntilItEndsItself() {
    steps.onFineTune =
        trial -> {
          int attempt = Activity.getExecutionContext().getInfo().getAttempt();
          if (trial.seed() == 2 && attempt == 9) {
            throw fatal("out of memory", "NoProgress");
          }
          if (trial.seed() == 2 || attempt < 3) {
            throw new IllegalStateException("out of memory");
          }
        };
    StudyResult result = run(study(2, 1, "stl"));

    assertThat(steps.count("fineTune stl 1")).isEqualTo(3);
    assertThat(steps.outcomes.get("stl 1").status()).isEqualTo(TrialStatus.DONE);
    assertThat(steps.count("fineTune stl 2")).isEqualTo(9);
    assertThat(steps.outcomes.get("stl 2").failure()).isEqualTo("fineTune: out of memory");
    assertThat(result.failed()).isEqualTo(1);
  }

  // Waits out a heartbeat's timeout.
  @Tag("slow")
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
}
