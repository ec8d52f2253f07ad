package io.buttress.report;

import io.buttress.evaluation.Metrics;
import io.buttress.evaluation.Predictions;
import io.buttress.result.Setting;
import io.buttress.statistics.Interval;
import io.buttress.statistics.Ranks;
import io.buttress.statistics.Statistic;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hipparchus.stat.StatUtils;

/**
 * Summarises trials over seeds: a {@link Comparison} for each (model, task, regime), in the order
 * in which the trials name them.
 */
final class TrialAggregation {
  private TrialAggregation() {}

  private record Group(String model, String task, String regime) {}

  /**
   * @param byMethod whether a method has one setting in each comparison, chosen there
   * @param predictions of a trial for the validation set
   * @throws IllegalArgumentException when a trial's task is not among {@code tasks}
   */
  static List<Comparison> comparisons(
      List<TrialResult> trials,
      List<ReportedTask> tasks,
      boolean byMethod,
      Function<TrialResult, Optional<Predictions>> predictions) {
    Map<Group, Map<Setting, List<TrialResult>>> groups = new LinkedHashMap<>();
    for (TrialResult trial : trials) {
      groups
          .computeIfAbsent(
              new Group(trial.model(), trial.task(), trial.regime()),
              group -> new LinkedHashMap<>())
          .computeIfAbsent(Setting.of(trial), setting -> new ArrayList<>())
          .add(trial);
    }
    List<Comparison> comparisons = new ArrayList<>();
    groups.forEach(
        (group, settings) -> {
          ReportedTask task = ReportedTask.named(tasks, group.task());
          comparisons.add(
              compare(
                  group, task, settings, Differences.of(task, settings, byMethod, predictions)));
        });
    return comparisons;
  }

  private static Comparison compare(
      Group group,
      ReportedTask task,
      Map<Setting, List<TrialResult>> settings,
      Map<Setting, Differences.Difference> differences) {
    List<Comparison.Row> rows = new ArrayList<>();
    settings.forEach(
        (setting, trials) -> rows.add(row(task, setting, trials, differences.get(setting))));
    Map<Double, Double> ranks =
        Ranks.of(rows.stream().map(Comparison.Row::mean).filter(Objects::nonNull).toList());
    return new Comparison(
        group.model(),
        group.task(),
        group.regime(),
        task.metric(),
        task.baseline(),
        rows.stream().anyMatch(row -> row.runs() < Interval.ENOUGH_RUNS),
        rows.stream()
            .map(row -> row.mean() == null ? row : ranked(row, ranks.get(row.mean())))
            .toList());
  }

  private static Comparison.Row row(
      ReportedTask task,
      Setting setting,
      List<TrialResult> trials,
      Differences.Difference difference) {
    double[] values =
        trials.stream()
            .map(trial -> task.counted(trial))
            .filter(Objects::nonNull)
            .mapToDouble(value -> value)
            .toArray();
    int runs = (int) trials.stream().filter(ReportedTask::isRun).count();
    int diverged =
        (int) trials.stream().filter(trial -> trial.status() == TrialStatus.DIVERGED).count();
    int degenerate = (int) trials.stream().filter(trial -> task.isDegenerate(trial)).count();
    return ComparisonRowBuilder.builder()
        .method(setting.method())
        .parameters(setting.parameters())
        .runs(runs)
        .failedRuns(diverged + degenerate)
        .diverged(diverged)
        .degenerate(degenerate)
        .unfinished(trials.size() - runs)
        .mean(values.length == 0 ? null : StatUtils.mean(values))
        .standardDeviation(values.length < 2 ? null : Math.sqrt(StatUtils.variance(values)))
        .median(values.length == 0 ? null : StatUtils.percentile(values, 50))
        .difference(difference == null ? null : difference.mean())
        .interval(difference == null ? null : difference.interval())
        .collapse(collapse(trials))
        .trainSeconds(trainSeconds(trials))
        .deviceSeconds(deviceSeconds(trials))
        .outOfDistribution(outOfDistribution(task, trials))
        .flipped(flipped(trials))
        .build();
  }

  private static Comparison.Row ranked(Comparison.Row row, double rank) {
    return ComparisonRowBuilder.from(row).rank(rank).build();
  }

  private static Double trainSeconds(List<TrialResult> trials) {
    double[] seconds =
        trials.stream()
            .filter(trial -> trial.status() == TrialStatus.DONE && trial.trainSeconds() != null)
            .mapToDouble(TrialResult::trainSeconds)
            .toArray();
    return seconds.length == 0 ? null : StatUtils.percentile(seconds, 50);
  }

  private static double deviceSeconds(List<TrialResult> trials) {
    return trials.stream()
        .filter(trial -> ReportedTask.isRun(trial) && trial.trainSeconds() != null)
        .mapToDouble(TrialResult::trainSeconds)
        .sum();
  }

  private static SortedMap<String, Statistic> outOfDistribution(
      ReportedTask task, List<TrialResult> trials) {
    List<Map<String, Double>> primary = new ArrayList<>();
    for (TrialResult trial : trials) {
      if (trial.status() == TrialStatus.DONE && trial.outOfDistribution() != null) {
        Map<String, Double> bySet = new TreeMap<>();
        trial
            .outOfDistribution()
            .forEach((set, metrics) -> bySet.put(set, Metrics.mean(task.metric(), metrics)));
        primary.add(bySet);
      }
    }
    return statistics(primary);
  }

  private static SortedMap<String, Statistic> flipped(List<TrialResult> trials) {
    List<Map<String, Double>> shares =
        trials.stream()
            .filter(trial -> trial.status() == TrialStatus.DONE)
            .map(TrialResult::flipped)
            .filter(Objects::nonNull)
            .toList();
    return statistics(shares);
  }

  /** By key, over those where it is defined; null when it is defined nowhere. */
  private static SortedMap<String, Statistic> statistics(List<Map<String, Double>> maps) {
    SortedMap<String, List<Double>> values = new TreeMap<>();
    for (Map<String, Double> map : maps) {
      map.forEach(
          (key, value) -> {
            if (value != null && Double.isFinite(value)) {
              values.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
            }
          });
    }
    SortedMap<String, Statistic> statistics = new TreeMap<>();
    values.forEach((key, seen) -> statistics.put(key, Statistic.of(seen)));
    return statistics.isEmpty() ? null : statistics;
  }

  private static TrialResult.Collapse collapse(List<TrialResult> trials) {
    List<TrialResult.Collapse> measured =
        trials.stream().map(TrialResult::collapse).filter(Objects::nonNull).toList();
    return measured.isEmpty()
        ? null
        : new TrialResult.Collapse(
            means(measured, TrialResult.Collapse::pretrained),
            means(measured, TrialResult.Collapse::finetuned),
            measured.get(0).random() == null ? null : means(measured, TrialResult.Collapse::random),
            layers(measured),
            trajectory(measured));
  }

  /** Means at each hidden state; null where no trial has them. */
  private static List<TrialResult.Layer> layers(List<TrialResult.Collapse> measured) {
    return each(
        measured,
        TrialResult.Collapse::layers,
        TrialResult.Layer::layer,
        (layer, own) ->
            new TrialResult.Layer(
                layer,
                means(own, TrialResult.Layer::pretrained),
                means(own, TrialResult.Layer::finetuned)));
  }

  /** Means at each moment of training; null where no trial has them. */
  private static List<TrialResult.Moment> trajectory(List<TrialResult.Collapse> measured) {
    return each(
        measured,
        TrialResult.Collapse::trajectory,
        TrialResult.Moment::step,
        (step, own) -> new TrialResult.Moment(step, means(own, TrialResult.Moment::finetuned)));
  }

  /** One for all parts with the same place, by place; null without any. */
  private static <T> List<T> each(
      List<TrialResult.Collapse> measured,
      Function<TrialResult.Collapse, List<T>> parts,
      Function<T, Integer> place,
      BiFunction<Integer, List<T>, T> mean) {
    Map<Integer, List<T>> places =
        measured.stream()
            .map(parts)
            .filter(Objects::nonNull)
            .flatMap(List::stream)
            .collect(Collectors.groupingBy(place, TreeMap::new, Collectors.toList()));
    return places.isEmpty()
        ? null
        : places.entrySet().stream().map(e -> mean.apply(e.getKey(), e.getValue())).toList();
  }

  /** Mean by key over those where it is defined; null where it never is. */
  private static <T> Map<String, Double> means(
      List<T> measured, Function<T, Map<String, Double>> metrics) {
    Map<String, List<Double>> values = new TreeMap<>();
    for (T one : measured) {
      metrics
          .apply(one)
          .forEach(
              (key, value) -> {
                List<Double> seen = values.computeIfAbsent(key, k -> new ArrayList<>());
                if (value != null && Double.isFinite(value)) {
                  seen.add(value);
                }
              });
    }
    Map<String, Double> means = new TreeMap<>();
    values.forEach(
        (key, seen) ->
            means.put(
                key,
                seen.isEmpty()
                    ? null
                    : seen.stream().mapToDouble(value -> value).average().orElseThrow()));
    return means;
  }
}
