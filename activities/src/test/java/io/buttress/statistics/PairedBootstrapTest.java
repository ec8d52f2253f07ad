package io.buttress.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.evaluation.Predictions;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PairedBootstrapTest {
  private record Task(TaskKind kind, List<String> metric, double baseline) {}

  /** A case of {@code bootstrap_golden.py}; runs by seed, null for one that diverged. */
  record Golden(
      String name,
      TaskKind kind,
      List<String> metric,
      double baseline,
      float[] targets,
      List<float[]> method,
      List<float[]> stl,
      int[][] examples,
      int[][] seeds,
      double low,
      double high) {
    int[][] drawn(String what) {
      return what.equals("seeds") ? seeds : examples;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Golden> golden() throws IOException {
    try (InputStream in = PairedBootstrapTest.class.getResourceAsStream("/golden/bootstrap.json")) {
      return Json.MAPPER.readValue(in, new TypeReference<List<Golden>>() {}).stream();
    }
  }

  @ParameterizedTest
  @MethodSource("golden")
  void agreesWithNumpyOnTheSameDraws(Golden golden) {
    Draws draws = (what, resample, n) -> golden.drawn(what)[resample];
    Task task = new Task(golden.kind(), golden.metric(), golden.baseline());

    Interval interval =
        interval(
            task, golden.targets(), golden.method(), golden.stl(), draws, golden.seeds().length);

    assertThat(interval.low()).isCloseTo(golden.low(), within(1e-12));
    assertThat(interval.high()).isCloseTo(golden.high(), within(1e-12));
    assertThat(interval.descriptiveOnly()).isEqualTo(golden.method().size() < 5);
  }

  @Property(tries = 50)
  void equalPredictionsDoNotDiffer(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int seeds) {
    Random random = new Random(seed);
    float[] targets = labels(random, 25);
    List<float[]> runs = runs(random, targets, seeds);

    Interval interval = interval(TASK, targets, runs, runs, Draws.SEEDED, 100);

    assertThat(interval.low()).isZero();
    assertThat(interval.high()).isZero();
    assertThat(interval.tellsImprovement()).isFalse();
  }

  @Property(tries = 50)
  void swappingTheMethodsTurnsTheInterval(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int seeds) {
    Random random = new Random(seed);
    float[] targets = labels(random, 25);
    List<float[]> first = runs(random, targets, seeds);
    List<float[]> second = runs(random, targets, seeds);

    Interval interval = interval(TASK, targets, first, second, Draws.SEEDED, 100);
    Interval swapped = interval(TASK, targets, second, first, Draws.SEEDED, 100);

    assertThat(interval.low()).isLessThanOrEqualTo(interval.high());
    assertThat(swapped.low()).isCloseTo(-interval.high(), within(1e-12));
    assertThat(swapped.high()).isCloseTo(-interval.low(), within(1e-12));
  }

  @Test
  void theIntervalIsTheSameEveryTimeAndAboutAsWideAsTheoryHasIt() {
    Random random = new Random(1);
    float[] targets = labels(random, 400);
    List<float[]> good = new ArrayList<>();
    List<float[]> constant = new ArrayList<>();
    for (int seed = 0; seed < 5; seed++) {
      good.add(targets.clone());
      constant.add(new float[400]);
    }

    Interval interval = interval(TASK, targets, good, constant, Draws.SEEDED, null);

    assertThat(interval).isEqualTo(interval(TASK, targets, good, constant, Draws.SEEDED, null));
    assertThat(interval.resamples()).isEqualTo(2000);
    assertThat(interval.tellsImprovement()).isTrue();
    // The difference is the share p of label 1, whose standard error is sqrt(p (1 - p) / n).
    double p = IntStream.range(0, 400).mapToDouble(i -> targets[i]).average().orElseThrow();
    double error = 1.96 * Math.sqrt(p * (1 - p) / 400);
    assertThat(interval.low()).isCloseTo(p - error, within(0.01));
    assertThat(interval.high()).isCloseTo(p + error, within(0.01));
  }

  @Test
  void hugeSetsHaveFewerResamples() {
    Random random = new Random(1);
    int n = 60_000;
    float[] targets = new float[n];
    float[] scores = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = i;
      scores[i] = random.nextFloat();
    }
    Task task = new Task(TaskKind.REGRESSION, List.of("pearson"), 0.0);

    Interval interval =
        interval(task, targets, List.of(targets), List.of(scores), Draws.SEEDED, null);

    assertThat(interval.resamples()).isEqualTo(20_000_000 / n);
    assertThat(interval.descriptiveOnly()).isTrue();
    assertThat(interval.tellsImprovement()).as("one seed tells nothing").isFalse();
  }

  private static final Task TASK = new Task(TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5);

  private static Interval interval(
      Task task,
      float[] targets,
      List<float[]> method,
      List<float[]> stl,
      Draws draws,
      Integer resamples) {
    TreeMap<String, Predictions> runs = new TreeMap<>();
    List<PairedBootstrap.Pair> pairs = new ArrayList<>();
    for (int seed = 0; seed < method.size(); seed++) {
      String own = method.get(seed) == null ? null : "method" + seed;
      String reference = stl.get(seed) == null ? null : "stl" + seed;
      if (own != null) {
        runs.put(own, new Predictions(targets, method.get(seed), true));
      }
      if (reference != null) {
        runs.put(reference, new Predictions(targets, stl.get(seed), true));
      }
      pairs.add(new PairedBootstrap.Pair(own, reference));
    }
    return new PairedBootstrap(task.kind(), task.metric(), task.baseline(), runs, draws, resamples)
        .interval(pairs);
  }

  private static float[] labels(Random random, int n) {
    float[] labels = new float[n];
    for (int i = 0; i < n; i++) {
      labels[i] = random.nextInt(2);
    }
    return labels;
  }

  private static List<float[]> runs(Random random, float[] targets, int seeds) {
    List<float[]> runs = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      float[] run = targets.clone();
      for (int i = 0; i < run.length; i++) {
        run[i] = random.nextInt(3) == 0 ? 1 - run[i] : run[i];
      }
      runs.add(run);
    }
    return runs;
  }

  /** A public method that is named as a getter would be one more. */
  @Test
  void anIntervalIsReportedByItsComponentsAlone() {
    assertThat(
            Json.MAPPER.<JsonNode>valueToTree(new Interval(0.1, 0.2, 5, 2000, false)).fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("low", "high", "seeds", "resamples", "descriptiveOnly");
  }
}
