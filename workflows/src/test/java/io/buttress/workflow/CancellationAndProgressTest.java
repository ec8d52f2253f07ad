package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.study.Json;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.study.TrialStatus;
import io.temporal.client.WorkflowStub;
import io.temporal.failure.CanceledFailure;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Studies seen and stopped from outside. */
@Timeout(60)
class CancellationAndProgressTest extends StudyEnvironment {
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
}
