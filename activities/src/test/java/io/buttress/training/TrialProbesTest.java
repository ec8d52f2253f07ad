package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse;
import io.buttress.collapse.MeasureCollapseActivity;
import io.buttress.encoding.EngineNumerics;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.SnapshotStore;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialBuilder;
import io.buttress.training.FineTuneActivity.Attempt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Probes run where the trained encoder is, or later on a kept model. */
class TrialProbesTest extends FineTuneEnvironment {

  @Test
  void probesAskedForLaterAreRunOnTheKeptModelWithoutTraining() throws IOException {
    Trial trial = trial(repina(0.1), 1, true);
    FineTuned first = fineTune(trial);
    Trial probing = probing(trial);
    List<Integer> steps = new ArrayList<>();

    FineTuned second =
        activity(store, new HandOver())
            .fineTune(
                probing,
                new Attempt(
                    "second",
                    (step, planned, loss) -> {
                      if (loss != null) {
                        steps.add(step);
                      }
                    },
                    (key, numbers) -> {}));

    assertThat(second).isEqualTo(first);
    assertThat(steps).as("of training").isEmpty();
    assertThat(probed(probing, trial.fingerprint())).isPresent();
  }

  @Test
  void aProbeIsTheSameWithAndWithoutAKeptModelAndStoresMetricsOnly() throws IOException {
    Trial kept = probing(trial(stl(), 1, true));
    fineTune(kept);
    Trial other =
        probing(
            TrialBuilder.from(trial(stl(), 1, false)).fingerprint(Json.sha256("other")).build());
    fineTune(other);

    Map<String, Double> metrics = probed(kept, kept.fingerprint()).orElseThrow();
    assertThat(metrics).containsKeys("accuracy", "matthews");
    assertThat(probed(other, other.fingerprint())).contains(metrics);
    assertThat(probed(kept, ProbeStore.PRETRAINED)).isPresent();
    assertThat(probed(kept, ProbeStore.RANDOM)).isPresent();
  }

  @Test
  void whatProbesReachStandsAmongTheCollapseMetrics() throws IOException {
    Trial plain = trial(stl(), 1, true);
    Trial probing = probing(plain);
    FineTuned result = fineTune(probing);
    temporal.registerActivitiesImplementations(
        new MeasureCollapseActivity(store, datasets, new SnapshotStore(store, datasets)));
    MeasureCollapse measure = temporal.newActivityStub(MeasureCollapse.class);

    MeasureCollapse.Collapse with = measure.measureCollapse(probing, result.evaluationKey());
    MeasureCollapse.Collapse without = measure.measureCollapse(plain, result.evaluationKey());

    assertThat(with.random()).containsOnlyKeys("probes.tiny");
    assertThat(with.finetuned().get("probes.tiny"))
        .isEqualTo(probed(probing, plain.fingerprint()).orElseThrow().get("accuracy"));
    assertThat(with.pretrained()).containsKey("probes.tiny").containsKey("gm_5");
    assertThat(without.random()).isNull();
    assertThat(without.pretrained()).doesNotContainKey("probes.tiny");
    assertThat(without.key()).isEqualTo(with.key());
  }

  private Trial probing(Trial trial) {
    return TrialBuilder.from(trial).probes(List.of(dataset.task())).build();
  }

  private Optional<Map<String, Double>> probed(Trial trial, String encoder) throws IOException {
    return new ProbeStore(store)
        .find(encoder, trial.probeRequests().get(0), EngineNumerics.current());
  }
}
