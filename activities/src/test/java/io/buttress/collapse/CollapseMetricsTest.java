package io.buttress.collapse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
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

  /** Rows that are equal, fewer than columns, only one, and all 0: what they span is known. */
  @Test
  void countsRoundingAsZero() {
    double[] row = {0.1, -3, 1e6};
    for (int n : new int[] {1, 2, 3, 4, 50}) {
      double[] values = new double[n * 3];
      Arrays.setAll(values, i -> row[i % 3]);
      Spectrum spectrum = Spectrum.of(new Representations(n, 3, values));
      assertThat(spectrum.singular()).hasSize(Math.min(n, 3));
      assertThat(spectrum.singular()[0]).isCloseTo(1e6 * Math.sqrt(n), within(1.0));
      assertThat(Arrays.stream(spectrum.singular()).skip(1)).allMatch(s -> s == 0);
      assertThat(spectrum.variances()).containsExactly(0, 0, 0);
    }
    Spectrum none = Spectrum.of(new Representations(2, 3, new double[6]));
    assertThat(none.singular()).containsExactly(0, 0);
    assertThat(none.variances()).containsExactly(0, 0, 0);
  }

  @Test
  void refusesWhatIsEmpty() {
    assertThatThrownBy(() -> Spectrum.of(new Representations(0, 3, new double[0])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("empty (0 x 3)");
  }

  /** On matrices that several threads of the engine share, at whatever address they lie. */
  @Test
  void givesEqualBitsInThreadsAtOnce() throws Exception {
    Representations z = random(500, 96, 3);
    Representations pretrained = random(500, 96, 4);
    int[] classes = IntStream.range(0, 500).map(i -> i % 3).toArray();
    SortedMap<String, Double> alone = measure(z, pretrained, classes, TOP_K);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Future<SortedMap<String, Double>>> measured = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        measured.add(threads.submit(() -> measure(z, pretrained, classes, TOP_K)));
      }
      for (Future<SortedMap<String, Double>> metrics : measured) {
        assertThat(metrics.get()).isEqualTo(alone);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void drawsNothingAtRandom() {
    Engine engine = Engine.getInstance();
    try (NDManager manager = NDManager.newBaseManager()) {
      engine.setRandomSeed(7);
      float[] undisturbed = manager.randomNormal(new Shape(4)).toFloatArray();
      engine.setRandomSeed(7);
      measure(random(20, 6, 1), random(20, 6, 2), null, TOP_K);
      assertThat(manager.randomNormal(new Shape(4)).toFloatArray()).isEqualTo(undisturbed);
    }
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
