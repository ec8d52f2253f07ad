package io.buttress.evaluation;

import static io.buttress.study.TaskKind.CLASSIFICATION;
import static io.buttress.study.TaskKind.REGRESSION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MetricsTest {

  /** A case of {@code metrics_golden.py}. */
  record Golden(
      String name,
      TaskKind kind,
      int labels,
      float[] targets,
      float[][] logits,
      Map<String, Double> expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Golden> golden() throws IOException {
    try (InputStream in = MetricsTest.class.getResourceAsStream("/golden/metrics.json")) {
      return Json.MAPPER.readValue(in, new TypeReference<List<Golden>>() {}).stream();
    }
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithScikitLearn(Golden golden) {
    Map<String, Double> metrics =
        Metrics.compute(golden.kind(), golden.labels(), golden.targets(), golden.logits());

    assertThat(metrics.keySet()).containsExactlyInAnyOrderElementsOf(golden.expected().keySet());
    golden
        .expected()
        .forEach(
            (key, expected) -> {
              if (expected == null) {
                assertThat(metrics.get(key)).as(key).isNull();
              } else {
                assertThat(metrics.get(key)).as(key).isCloseTo(expected, within(1e-12));
              }
            });
  }

  @Property
  void classificationStaysInBounds(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 5) int labels,
      @ForAll @IntRange(min = 1, max = 40) int n) {
    Random random = new Random(seed);
    float[] targets = targets(random, labels, n);
    Map<String, Double> metrics =
        Metrics.compute(CLASSIFICATION, labels, targets, logits(random, labels, n));

    assertThat(metrics.get("accuracy")).isBetween(0.0, 1.0);
    assertThat(metrics.get("macro_f1")).isBetween(0.0, 1.0);
    assertThat(metrics.get("matthews")).isBetween(-1.0, 1.0);
  }

  @Property
  void matthewsForgetsTheOrderOfLabels(@ForAll long seed) {
    Random random = new Random(seed);
    float[] targets = targets(random, 3, 30);
    float[][] logits = logits(random, 3, 30);
    float[] renamed = new float[30];
    float[][] turned = new float[30][];
    for (int i = 0; i < 30; i++) {
      renamed[i] = (targets[i] + 1) % 3;
      turned[i] = new float[] {logits[i][2], logits[i][0], logits[i][1]};
    }

    assertThat(Metrics.compute(CLASSIFICATION, 3, renamed, turned).get("matthews"))
        .isCloseTo(
            Metrics.compute(CLASSIFICATION, 3, targets, logits).get("matthews"), within(1e-12));
  }

  @Property
  void noConstantPredictionBeatsTheBaseline(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int constant) {
    float[] targets = targets(new Random(seed), 3, 25);
    float[][] logits = new float[25][3];
    for (float[] row : logits) {
      row[constant] = 1;
    }
    Map<String, Double> metrics = Metrics.compute(CLASSIFICATION, 3, targets, logits);

    for (String metric : List.of("accuracy", "macro_f1", "matthews")) {
      assertThat(Metrics.baseline(CLASSIFICATION, 3, targets, List.of(metric)))
          .isGreaterThanOrEqualTo(metrics.get(metric));
    }
  }

  @Test
  void baselineIsTheBestConstantPredictionForTheMetric() {
    float[] targets = {0, 0, 0, 1};
    assertThat(Metrics.baseline(CLASSIFICATION, 2, targets, List.of("accuracy"))).isEqualTo(0.75);
    assertThat(Metrics.baseline(CLASSIFICATION, 2, targets, List.of("matthews"))).isZero();
    // All positive: precision 1/4, recall 1.
    assertThat(Metrics.baseline(CLASSIFICATION, 2, targets, List.of("f1"))).isEqualTo(0.4);
    // One constant prediction has to serve both: max((0.75 + 0) / 2, (0.25 + 0.4) / 2).
    assertThat(Metrics.baseline(CLASSIFICATION, 2, targets, List.of("accuracy", "f1")))
        .isEqualTo(0.375);
    assertThat(Metrics.baseline(REGRESSION, 0, targets, List.of("pearson"))).isZero();
  }

  @Test
  void meanIsUndefinedWhenOneOfItsMetricsIs() {
    Map<String, Double> values =
        Metrics.compute(REGRESSION, 0, new float[] {1, 1}, new float[][] {{1}, {2}});
    assertThat(Metrics.mean(List.of("pearson", "spearman"), values)).isNull();
    assertThat(Metrics.mean(List.of("a", "b"), Map.of("a", 0.5, "b", 1.0))).isEqualTo(0.75);
    assertThat(Metrics.mean(List.of("a", "missing"), Map.of("a", 0.5))).isNull();
  }

  @Test
  void nothingIsDefinedOnNoExamplesOrOnNaN() {
    Map<String, Double> none = Metrics.compute(CLASSIFICATION, 2, new float[0], new float[0][]);
    assertThat(none).hasSize(5).containsEntry("accuracy", null);
    Map<String, Double> nan =
        Metrics.compute(CLASSIFICATION, 2, new float[] {0}, new float[][] {{Float.NaN, 1}});
    assertThat(nan.values()).containsOnlyNulls();
  }

  @Test
  void refusesTargetsThatAreNotLabels() {
    assertThatThrownBy(
            () -> Metrics.compute(CLASSIFICATION, 2, new float[] {2}, new float[][] {{0, 1}}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("target 0 is 2.0");
    assertThatThrownBy(
            () -> Metrics.compute(CLASSIFICATION, 3, new float[] {2}, new float[][] {{0, 1}}))
        .hasMessageContaining("2 logits where 3 are needed");
  }

  private static float[] targets(Random random, int labels, int n) {
    float[] targets = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = random.nextInt(labels);
    }
    return targets;
  }

  private static float[][] logits(Random random, int labels, int n) {
    float[][] logits = new float[n][labels];
    Arrays.stream(logits).forEach(row -> fill(random, row));
    return logits;
  }

  private static void fill(Random random, float[] row) {
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) random.nextGaussian();
    }
  }
}
