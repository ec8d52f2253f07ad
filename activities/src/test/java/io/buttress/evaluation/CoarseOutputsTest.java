package io.buttress.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.TaskKind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CoarseOutputsTest {
  private static final List<String> LABELS = List.of("entailment", "neutral", "contradiction");
  private static final List<CoarseLabel> HANS =
      List.of(
          new CoarseLabel("entailment", List.of("entailment")),
          new CoarseLabel("non-entailment", List.of("neutral", "contradiction")));

  @Test
  void thePredictionIsTheCoarseLabelOfThePredictedLabel() {
    float[][] logits = {
      {3, 1, 2},
      // Together the other two are more probable, but none of them is predicted.
      {1, 0.9f, 0.9f},
      {0, 1, 2},
      {0, 2, 1},
    };
    float[][] merged = CoarseOutputs.of(logits, LABELS, HANS);
    assertThat(merged).isDeepEqualTo(new float[][] {{3, 2}, {1, 0.9f}, {0, 2}, {0, 2}});
    Map<String, Double> metrics =
        Metrics.compute(TaskKind.CLASSIFICATION, 2, new float[] {0, 1, 1, 1}, merged);
    assertThat(metrics).containsEntry("accuracy", 0.75).containsKey("f1");
  }

  @Test
  void theOrderOfTheSetsLabelsIsItsOwn() {
    float[][] merged =
        CoarseOutputs.of(new float[][] {{3, 1, 2}}, LABELS, List.of(HANS.get(1), HANS.get(0)));
    assertThat(merged).isDeepEqualTo(new float[][] {{2, 3}});
  }

  @Test
  void noNumberIsKeptAsSuch() {
    float[][] merged = CoarseOutputs.of(new float[][] {{0, Float.NaN, 1}}, LABELS, HANS);
    assertThat(merged[0][1]).isNaN();
  }
}
