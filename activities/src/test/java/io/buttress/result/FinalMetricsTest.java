package io.buttress.result;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse.Collapse;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FinalMetricsTest {
  private static final FineTuned FINE_TUNED =
      new FineTuned(
          TrialStatus.DONE,
          null,
          "fit",
          "evaluation",
          7,
          1.5,
          10,
          Map.of("validation", Map.of("accuracy", 0.75)));

  @Test
  void probesAreShownOfEveryEncoder() {
    Map<String, Double> probed = Map.of("probes.sample:sentiment", 0.8);
    Collapse collapse =
        new Collapse("key", probed, probed, Map.of("probes.sample:sentiment", 0.5), null);

    assertThat(FinalMetrics.of(FINE_TUNED, collapse, 0))
        .contains(
            new MetricPoint("collapse.pretrained.probes.sample.sentiment", 7, 0, 0.8),
            new MetricPoint("collapse.finetuned.probes.sample.sentiment", 7, 0, 0.8),
            new MetricPoint("collapse.random.probes.sample.sentiment", 7, 0, 0.5));
  }

  @Test
  void withoutProbesThereIsNoRandomEncoder() {
    Collapse collapse = new Collapse("key", Map.of("gm_5", 1.0), Map.of("gm_5", 1.0), null, null);

    assertThat(FinalMetrics.of(FINE_TUNED, collapse, 0))
        .extracting(MetricPoint::metric)
        .contains("collapse.finetuned.gm_5")
        .noneMatch(metric -> metric.startsWith("collapse.random"));
  }

  @Test
  void hiddenStatesHaveTheirLayerForAStep() {
    List<TrialResult.Layer> layers =
        List.of(
            new TrialResult.Layer(0, Map.of("effective_rank", 1.0), Map.of("effective_rank", 1.0)),
            new TrialResult.Layer(1, Map.of("effective_rank", 9.0), Map.of("effective_rank", 4.0)));
    Collapse collapse = new Collapse("key", Map.of(), Map.of(), null, layers);

    assertThat(FinalMetrics.of(FINE_TUNED, collapse, 0))
        .contains(
            new MetricPoint("layers.finetuned.effective_rank", 0, 0, 1),
            new MetricPoint("layers.finetuned.effective_rank", 1, 0, 4),
            new MetricPoint("layers.pretrained.effective_rank", 1, 0, 9));
  }
}
