package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.encoding.HandOver;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialBuilder;
import io.buttress.training.FineTuneActivity.Attempt;
import io.temporal.client.ActivityCanceledException;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Attempts that are handed over, overlap or are cancelled. */
class InterruptedAttemptsTest extends FineTuneEnvironment {

  @Test
  void givesATrialToAnotherWorkerWithACheckpointOfTheLastStep() throws IOException {
    Trial trial = trial(stl(), 1, true);
    HandOver handOver = new HandOver();
    Map<String, List<MetricPoint>> shown = new TreeMap<>();
    Attempt first =
        new Attempt(
            "first",
            (step, steps, loss) -> {
              if (step == 2) {
                handOver.request();
              }
            },
            (key, numbers) -> shown.put(key, numbers.points()));
    assertThatThrownBy(() -> activity(store, handOver).fineTune(trial, first))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.isNonRetryable()).isFalse();
              assertThat(failure.getNextRetryDelay())
                  .isBetween(Duration.ofMillis(1), Duration.ofMillis(100));
            });
    String checkpoint = "checkpoints/" + trial.fingerprint() + "/first/2.json";
    assertThat(shown).containsOnlyKeys(checkpoint);
    assertThat(store.objects().exists(checkpoint)).isTrue();

    List<Integer> steps = new ArrayList<>();
    FineTuned result = attempt(trial, "second", (step, all, loss) -> steps.add(step), shown);
    assertThat(steps).as("goes on with the third step").contains(3).doesNotContain(1, 2);
    assertThat(history(result)).as("shows again what was shown").containsAll(shown.get(checkpoint));
    assertThat(weights(result)).isEqualTo(weightsOfAnUndisturbedRun(trial));
  }

  @Test
  void twoAttemptsAtOnceEndWithOneResultAndLeaveEachOtherAlone() throws IOException {
    Trial trial = checkpointingAtOnce(trial(repina(0.1), 1, true));
    Map<String, List<MetricPoint>> shown = new TreeMap<>();
    List<FineTuned> results = new ArrayList<>();
    results.add(
        attempt(
            trial,
            "first",
            (step, steps, loss) -> {
              if (step == 3 && results.isEmpty()) {
                results.add(attempt(trial, "second", (s, of, l) -> {}, shown));
                assertThat(store.objects().list("checkpoints/"))
                    .isNotEmpty()
                    .allMatch(key -> key.contains("/first/"));
              }
            },
            shown));

    assertThat(results).hasSize(2);
    assertThat(results.get(0)).isEqualTo(results.get(1));
    assertThat(store.objects().list("checkpoints/")).isEmpty();
    assertThat(weights(results.get(0))).isEqualTo(weightsOfAnUndisturbedRun(trial));
  }

  @Test
  void endsWhenItIsCancelled() {
    FineTuneActivity activity = activity(store, new HandOver());
    int[] told = {0};
    assertThatThrownBy(
            () ->
                activity.fineTune(
                    trial(stl(), 1, true),
                    new Attempt(
                        "first",
                        (step, steps, loss) -> {
                          told[0]++;
                          if (step == 2) {
                            throw new ActivityCanceledException();
                          }
                        },
                        (key, numbers) -> {})))
        .isInstanceOf(ActivityCanceledException.class);
    assertThat(told[0]).isLessThan(5);
  }

  private interface Steps {
    void at(int step, int steps, Double loss) throws IOException;
  }

  private FineTuned attempt(
      Trial trial, String name, Steps progress, Map<String, List<MetricPoint>> shown)
      throws IOException {
    return activity(store, new HandOver())
        .fineTune(
            trial,
            new Attempt(
                name,
                (step, steps, loss) -> {
                  try {
                    progress.at(step, steps, loss);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                },
                (key, numbers) -> shown.put(key, numbers.points())));
  }

  /** Its first checkpoint is due after the first step. */
  private static Trial checkpointingAtOnce(Trial trial) {
    return TrialBuilder.from(trial).checkpointSeconds(0).build();
  }

  private List<MetricPoint> history(FineTuned result) throws IOException {
    return MetricHistory.read(store.file(store.get(result.fitKey()), "history.csv"));
  }

  private String weights(FineTuned result) throws IOException {
    return store.get(result.fitKey()).files().get("model/model.safetensors").sha256();
  }

  /** Of the same trial under another name. */
  private String weightsOfAnUndisturbedRun(Trial trial) throws IOException {
    return weights(
        fineTune(
            TrialBuilder.from(trial)
                .fingerprint(Json.sha256("undisturbed"))
                .checkpointSeconds(60)
                .build()));
  }
}
