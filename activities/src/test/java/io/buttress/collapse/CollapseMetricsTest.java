package io.buttress.collapse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.RandomMatrices_DDRM;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CollapseMetricsTest {
  private static final List<Integer> TOP_K = List.of(1, 3, 5);

  /** A case of {@code collapse_golden.py}. */
  record Golden(
      String name,
      List<Integer> topK,
      int[] classes,
      double[][] pretrained,
      double[][] finetuned,
      Map<String, Double> expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Golden> golden() throws IOException {
    try (InputStream in = CollapseMetricsTest.class.getResourceAsStream("/golden/collapse.json")) {
      return Json.MAPPER.readValue(in, new TypeReference<List<Golden>>() {}).stream();
    }
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithNumpy(Golden golden) {
    SortedMap<String, Double> metrics =
        measure(
            representations(new DMatrixRMaj(golden.finetuned())),
            representations(new DMatrixRMaj(golden.pretrained())),
            golden.classes(),
            golden.topK());

    assertThat(metrics.keySet()).containsExactlyInAnyOrderElementsOf(golden.expected().keySet());
    golden
        .expected()
        .forEach(
            (key, expected) -> {
              if (expected == null) {
                assertThat(metrics.get(key)).as(key).isNull();
              } else {
                assertThat(metrics.get(key))
                    .as(key)
                    .isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-12));
              }
            });
  }

  @Property(tries = 50)
  void isTheSameAsItselfByCka(@ForAll long seed, @ForAll @IntRange(min = 2, max = 30) int n) {
    Representations z = random(n, 6, seed);
    assertThat(measure(z, z, null, TOP_K).get("cka_pretrained")).isCloseTo(1, within(1e-12));
  }

  @Property(tries = 50)
  void ignoresScaleAndRotationWhereItShould(@ForAll long seed) {
    DMatrixRMaj z = RandomMatrices_DDRM.rectangle(20, 6, -1, 1, new Random(seed));
    DMatrixRMaj rotation = RandomMatrices_DDRM.orthogonal(6, 6, new Random(seed));
    DMatrixRMaj turned = CommonOps_DDRM.mult(z, rotation, null);
    CommonOps_DDRM.scale(1000, turned);
    Map<String, Double> before = measure(representations(z), representations(z), null, TOP_K);
    Map<String, Double> after = measure(representations(turned), representations(z), null, TOP_K);

    for (String key :
        List.of(
            "gm_rel_3",
            "hm_rel_3",
            "effective_rank",
            "participation_ratio",
            "stable_rank",
            "k90",
            "isoscore",
            "mean_cosine",
            "cka_pretrained")) {
      assertThat(after.get(key)).as(key).isCloseTo(before.get(key), within(1e-9));
    }
    assertThat(after.get("gm_3") / before.get("gm_3")).isCloseTo(1e6, within(1e-3));
    assertThat(after.get("mean_norm") / before.get("mean_norm")).isCloseTo(1e3, within(1e-6));
  }

  @Property(tries = 50)
  void boundsHold(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 20) int n,
      @ForAll @IntRange(min = 1, max = 12) int h) {
    Map<String, Double> metrics = measure(random(n, h, seed), random(n, h, ~seed), null, TOP_K);

    double rank = Math.min(n, h);
    assertThat(metrics.get("effective_rank")).isBetween(1 - 1e-9, rank + 1e-9);
    assertThat(metrics.get("stable_rank")).isBetween(1 - 1e-9, rank + 1e-9);
    for (int k : TOP_K) {
      if (k <= rank) {
        assertThat(metrics.get("hm_" + k)).isLessThanOrEqualTo(metrics.get("gm_" + k) * (1 + 1e-9));
      } else {
        assertThat(metrics.get("gm_" + k)).isNull();
      }
    }
    if (n > 1 && h > 1) {
      assertThat(metrics.get("isoscore")).isBetween(-1e-9, 1 + 1e-9);
      assertThat(metrics.get("cka_pretrained")).isBetween(0.0, 1.0);
      assertThat(metrics.get("mean_cosine")).isBetween(-1.0, 1.0);
    }
  }

  @Test
  void keepsSmallSingularValues() {
    // Orthogonal columns of lengths 1, 1e-5 and 1e-10: squaring first would lose the last.
    DMatrixRMaj z = CommonOps_DDRM.diag(1, 1e-5, 1e-10);
    assertThat(Spectrum.of(representations(z)).singular()[2]).isCloseTo(1e-10, within(1e-16));
  }

  @Test
  void refusesValuesThatAreNotFinite() {
    Representations z = random(4, 3, 1);
    z.values()[2 * 3 + 1] = Double.NaN;
    assertThatThrownBy(() -> Spectrum.of(z)).hasMessageContaining("row 2, dimension 1");
  }

  private static SortedMap<String, Double> measure(
      Representations z, Representations pretrained, int[] classes, List<Integer> topK) {
    return CollapseMetrics.compute(
        z, Spectrum.of(z), pretrained, Spectrum.of(pretrained), classes, topK);
  }

  private static Representations random(int n, int h, long seed) {
    return representations(RandomMatrices_DDRM.rectangle(n, h, -1, 1, new Random(seed)));
  }

  private static Representations representations(DMatrixRMaj z) {
    return new Representations(z.getNumRows(), z.getNumCols(), z.data);
  }
}
