package io.buttress.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.StreamSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinearProbeTest {
  private static final JsonNode GOLDEN = golden();

  static List<JsonNode> cases() {
    return StreamSupport.stream(GOLDEN.get("cases").spliterator(), false).toList();
  }

  /** probing_golden.py asks StandardScaler, LogisticRegression and Ridge. */
  @ParameterizedTest
  @MethodSource("cases")
  void equalsScikitLearns(JsonNode golden) {
    int outputs = golden.get("outputs").asInt();
    TaskKind kind = outputs == 1 ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION;
    LinearProbe probe =
        LinearProbe.fit(
            read(golden, "train", float[][].class),
            read(golden, "targets", float[].class),
            kind,
            outputs,
            GOLDEN.get("seed").asLong(),
            () -> {});

    float[][] scores = probe.scores(read(golden, "validation", float[][].class));
    float[][] theirs = read(golden, "scores", float[][].class);
    for (int i = 0; i < scores.length; i++) {
      assertThat(scores[i]).containsExactly(theirs[i], within(2e-3f));
    }
    Map<String, Double> metrics =
        Metrics.compute(kind, outputs, read(golden, "validationTargets", float[].class), scores);
    golden
        .get("metrics")
        .properties()
        .forEach(
            metric ->
                assertThat(metrics.get(metric.getKey()))
                    .as(metric.getKey())
                    .isCloseTo(metric.getValue().asDouble(), within(1e-4)));
  }

  /** Methods differ in the scale of their representations, which must not tell them apart. */
  @Property(tries = 20)
  void scaleAndOffsetOfADimensionAreOfNoMatter(
      @ForAll @DoubleRange(min = 0.01, max = 100) double scale,
      @ForAll @DoubleRange(min = -10, max = 10) double offset) {
    float[][] z = representations(40, 3);
    float[][] moved = representations(40, 3);
    for (float[] row : moved) {
      row[1] = (float) (row[1] * scale + offset * scale);
    }
    float[] targets = new float[z.length];
    for (int i = 0; i < z.length; i++) {
      targets[i] = z[i][0] + z[i][1] > 0 ? 1 : 0;
    }
    float[][] scores = fit(z, targets).scores(z);
    float[][] others = fit(moved, targets).scores(moved);
    for (int i = 0; i < z.length; i++) {
      assertThat(others[i])
          .containsExactly(scores[i], within(0.05f * (1 + Math.abs(scores[i][0]))));
    }
  }

  @Test
  void aDimensionThatNeverVariesIsLeftOut() {
    float[][] z = representations(40, 3);
    float[] targets = new float[z.length];
    for (int i = 0; i < z.length; i++) {
      z[i][2] = i % 2 == 0 ? 5f : Math.nextUp(5f);
      targets[i] = i % 2;
    }
    float[][] scores = fit(z, targets).scores(z);
    float[][] without = representations(40, 3);
    for (float[] row : without) {
      row[2] = 0;
    }
    assertThat(scores).isDeepEqualTo(fit(without, targets).scores(without));
  }

  @Test
  void representationsThatAreNotFiniteLeaveEveryMetricUndefined() {
    float[][] z = representations(10, 2);
    z[3][1] = Float.NaN;
    float[] targets = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    float[][] scores = fit(z, targets).scores(representations(10, 2));
    assertThat(Metrics.compute(TaskKind.CLASSIFICATION, 2, targets, scores).values())
        .containsOnlyNulls();
  }

  @Test
  void mayBeEndedBetweenTwoFits() {
    IllegalStateException end = new IllegalStateException("enough");
    assertThatThrownBy(
            () ->
                LinearProbe.fit(
                    representations(10, 2),
                    new float[10],
                    TaskKind.REGRESSION,
                    1,
                    0,
                    () -> {
                      throw end;
                    }))
        .isSameAs(end);
  }

  private static LinearProbe fit(float[][] z, float[] targets) {
    return LinearProbe.fit(z, targets, TaskKind.CLASSIFICATION, 2, 1, () -> {});
  }

  private static float[][] representations(int n, int width) {
    Random random = new Random(6);
    float[][] z = new float[n][width];
    for (float[] row : z) {
      for (int j = 0; j < width; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return z;
  }

  private static <T> T read(JsonNode golden, String field, Class<T> type) {
    return Json.MAPPER.convertValue(golden.get(field), type);
  }

  private static JsonNode golden() {
    try (InputStream in =
        LinearProbeTest.class.getResourceAsStream("/io/buttress/golden/probing.json")) {
      return Json.MAPPER.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
