package io.buttress.statistics;

import io.buttress.evaluation.Predictions;
import io.buttress.evaluation.ResampledMetric;
import io.buttress.study.TaskKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.hipparchus.stat.descriptive.rank.Percentile;
import org.hipparchus.stat.descriptive.rank.Percentile.EstimationType;

/**
 * The multi-bootstrap of Sellam et al. 2022 for methods on one task: a resample draws the examples
 * of the validation set, the same for every run, and of each pair of methods the seeds that both
 * have.
 *
 * <p>The examples are drawn once in a resample, not for each seed: the seeds were evaluated on the
 * same ones, so what is peculiar to these does not average out over seeds.
 */
public final class PairedBootstrap {
  private static final int MOST = 2000;
  private static final int LEAST = 200;

  /** Most resamples times examples of one run: bounds the time that it takes. */
  private static final int BUDGET = 20_000_000;

  private final Double baseline;
  private final Draws draws;
  private final int resamples;
  private final Map<String, double[]> values = new LinkedHashMap<>();

  /**
   * Evaluates every run on every resample.
   *
   * @param metric metric keys whose mean is the primary metric
   * @param baseline stands for what diverged or is undefined
   * @param runs predictions for the same examples, by fingerprint
   */
  public PairedBootstrap(
      TaskKind kind,
      List<String> metric,
      Double baseline,
      SortedMap<String, Predictions> runs,
      Draws draws) {
    this(kind, metric, baseline, runs, draws, null);
  }

  /**
   * @param resamples null: as many as the number of examples allows
   */
  PairedBootstrap(
      TaskKind kind,
      List<String> metric,
      Double baseline,
      SortedMap<String, Predictions> runs,
      Draws draws,
      Integer resamples) {
    this.baseline = baseline;
    this.draws = draws;
    int[] patterns = patterns(runs);
    int[] first = first(patterns);
    this.resamples =
        resamples != null
            ? resamples
            : Math.max(LEAST, Math.min(MOST, BUDGET / Math.max(1, first.length)));
    Map<String, ResampledMetric> metrics = new LinkedHashMap<>();
    runs.forEach(
        (fingerprint, run) -> {
          metrics.put(fingerprint, ResampledMetric.of(kind, metric, run.rows(first)));
          values.put(fingerprint, new double[this.resamples]);
        });
    IntStream.range(0, this.resamples)
        .parallel()
        .forEach(
            resample -> {
              int[] times = new int[first.length];
              for (int example : draws.draw("examples", resample, patterns.length)) {
                times[patterns[example]]++;
              }
              metrics.forEach(
                  (fingerprint, resampled) ->
                      values.get(fingerprint)[resample] = counted(resampled.value(times)));
            });
  }

  private double counted(Double primary) {
    return primary == null ? baseline : primary;
  }

  /** The runs of two methods with one seed; null: it diverged, which counts as the baseline. */
  public record Pair(String fingerprint, String reference) {}

  /** Interval of the mean of the first runs minus the mean of the references. */
  public Interval interval(List<Pair> pairs) {
    double[] differences = new double[resamples];
    for (int resample = 0; resample < resamples; resample++) {
      double sum = 0;
      for (int seed : draws.draw("seeds", resample, pairs.size())) {
        Pair pair = pairs.get(seed);
        sum += value(pair.fingerprint(), resample) - value(pair.reference(), resample);
      }
      differences[resample] = sum / pairs.size();
    }
    Percentile percentile = new Percentile().withEstimationType(EstimationType.R_7);
    percentile.setData(differences);
    return new Interval(
        percentile.evaluate(2.5),
        percentile.evaluate(97.5),
        pairs.size(),
        resamples,
        pairs.size() < Interval.ENOUGH_RUNS);
  }

  private double value(String fingerprint, int resample) {
    return fingerprint == null ? baseline : values.get(fingerprint)[resample];
  }

  /**
   * Numbers the examples by what every run says about them: those that all treat alike need not be
   * told apart, only counted.
   */
  private static int[] patterns(SortedMap<String, Predictions> runs) {
    int[] patterns = new int[runs.isEmpty() ? 0 : runs.get(runs.firstKey()).size()];
    List<float[]> columns = new ArrayList<>();
    runs.values().stream().limit(1).forEach(run -> columns.add(run.targets()));
    runs.values().forEach(run -> columns.add(run.predictions()));
    for (float[] column : columns) {
      Map<Long, Integer> seen = new HashMap<>();
      for (int i = 0; i < patterns.length; i++) {
        long both = (long) patterns[i] << 32 | Float.floatToIntBits(column[i]) & 0xffffffffL;
        patterns[i] = seen.computeIfAbsent(both, key -> seen.size());
      }
    }
    return patterns;
  }

  /** An example of each pattern. */
  private static int[] first(int[] patterns) {
    int[] first = new int[Arrays.stream(patterns).max().orElse(-1) + 1];
    for (int i = patterns.length - 1; i >= 0; i--) {
      first[patterns[i]] = i;
    }
    return first;
  }
}
