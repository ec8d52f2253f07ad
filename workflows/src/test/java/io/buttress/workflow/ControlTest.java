package io.buttress.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.temporal.client.WorkflowStub;
import io.temporal.client.WorkflowUpdateException;
import io.temporal.failure.CanceledFailure;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Studies that are paused, resumed, sped up and slowed down. */
@Timeout(60)
class ControlTest extends StudyEnvironment {
  @Test
  void aPausedStudyLetsItsTrialsEndAndStartsNone() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch paused = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          running.countDown();
          await(paused);
        };
    WorkflowStub stub = begin(study(3, 1, "stl"));
    await(running);
    stub.signal("pause");
    stub.signal("pause");
    StudyProgress during = progress(stub, StudyProgress::paused);
    assertThat(during.running()).hasSize(1);
    paused.countDown();
    environment.sleep(Duration.ofHours(10));

    StudyProgress after = progress(stub, progress -> progress.done() == 1);
    assertThat(after.running()).isEmpty();
    assertThat(after.paused()).isTrue();
    assertThat(after.etaSeconds()).as("nobody knows").isNull();
    assertThat(steps.count("fineTune")).isEqualTo(1);
    stub.signal("resume");
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(3);
    assertThat(stub.query("progress", StudyProgress.class).paused()).isFalse();
  }

  @Test
  void aPauseIsNoPartOfTheRemainingTime() {
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    steps.onFineTune =
        trial -> {
          if (trial.seed() == 2) {
            second.countDown();
            await(asked);
          }
        };
    steps.onMeasure =
        trial -> environment.getWorkflowClient().newUntypedWorkflowStub("study").signal("pause");
    WorkflowStub stub = begin(study(3, 1, "stl"));
    progress(stub, progress -> progress.done() == 1);
    environment.sleep(Duration.ofHours(10));
    stub.signal("resume");
    await(second);

    assertThat(stub.query("progress", StudyProgress.class).etaSeconds())
        .isLessThan(Duration.ofHours(1).toSeconds());
    steps.onMeasure = trial -> {};
    asked.countDown();
    stub.getResult(StudyResult.class);
  }

  @Test
  void aStudyCanBePausedWhileItIsPlanned() {
    CountDownLatch planning = new CountDownLatch(1);
    CountDownLatch paused = new CountDownLatch(1);
    steps.onPlan =
        spec -> {
          planning.countDown();
          await(paused);
        };
    WorkflowStub stub = begin(study(2, 2, "stl"));
    await(planning);
    stub.signal("pause");
    paused.countDown();
    environment.sleep(Duration.ofHours(10));

    StudyProgress progress = progress(stub, asked -> asked.planned() == 2);
    assertThat(progress.paused()).isTrue();
    assertThat(progress.running()).isEmpty();
    assertThat(steps.count("prepareDataset")).isEqualTo(1);
    assertThat(steps.count("snapshotRepresentations")).isZero();
    stub.signal("resume");
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(2);
  }

  @Test
  void aPausedStudyCanBeCancelled() {
    CountDownLatch planning = new CountDownLatch(1);
    steps.onPlan = spec -> await(planning);
    WorkflowStub stub = begin(study(2, 2, "stl"));
    stub.signal("pause");
    planning.countDown();
    environment.sleep(Duration.ofHours(1));
    stub.cancel();

    assertThat(catchThrowable(() -> stub.getResult(StudyResult.class)).getCause())
        .isInstanceOf(CanceledFailure.class);
    assertThat(steps.calls).endsWith("closeStudyRun CANCELLED").doesNotContain("fineTune stl 1");
  }

  @Test
  void moreOrFewerTrialsRunAtOnceFromNowOn() {
    Semaphore go = new Semaphore(0);
    AtomicInteger inFlight = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    steps.onFineTune =
        trial -> {
          most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
          go.acquireUninterruptibly();
          inFlight.decrementAndGet();
        };
    WorkflowStub stub = begin(study(9, 1, "stl"));
    progress(stub, progress -> inFlight.get() == 1);
    stub.update("setMaxParallelTrials", Void.class, 3);
    progress(stub, progress -> inFlight.get() == 3);
    assertThat(progress(stub, progress -> true).running()).hasSize(3);

    stub.update("setMaxParallelTrials", Void.class, 1);
    go.release(2);
    assertThat(progress(stub, progress -> progress.done() == 2).running()).hasSize(1);
    progress(stub, progress -> inFlight.get() == 1);
    most.set(0);
    go.release(100);
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(9);
    assertThat(most).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 501})
  void refusesWhatIsNoNumberOfTrials(int trials) {
    CountDownLatch refused = new CountDownLatch(1);
    steps.onFineTune = trial -> await(refused);
    WorkflowStub stub = begin(study(2, 1, "stl"));
    assertThatThrownBy(() -> stub.update("setMaxParallelTrials", Void.class, trials))
        .isInstanceOf(WorkflowUpdateException.class)
        .rootCause()
        .hasMessageContaining("maxParallelTrials: must be in [1, 500], is " + trials);
    refused.countDown();
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(2);
  }

  @Test
  void refusesAnUpdateThatCannotBeRead() {
    CountDownLatch refused = new CountDownLatch(1);
    steps.onFineTune = trial -> await(refused);
    WorkflowStub stub = begin(study(1, 1, "stl"));
    assertThatThrownBy(() -> stub.update("setMaxParallelTrials", Void.class, "many"))
        .isInstanceOf(WorkflowUpdateException.class);
    refused.countDown();
    assertThat(stub.getResult(StudyResult.class).done()).isEqualTo(1);
  }
}
