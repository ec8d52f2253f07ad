package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.statistics.Interval;
import io.buttress.statistics.Statistic;
import io.buttress.study.TrialResult;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;

/**
 * The methods side by side on one task, by the primary metric on its validation set.
 *
 * @param metric metric keys whose mean is the primary metric
 * @param baseline the primary metric of a constant prediction; null when there is no result
 * @param descriptiveOnly whether a method has fewer than 5 runs: too few to tell methods apart
 */
public record Comparison(
    String model,
    String task,
    String regime,
    List<String> metric,
    Double baseline,
    boolean descriptiveOnly,
    List<Row> methods) {

  /**
   * One setting of a method. Statistics are over its runs and null without any.
   *
   * @param runs trials that are done or diverged
   * @param failedRuns {@code diverged + degenerate}
   * @param diverged enter the statistics at the baseline's value
   * @param degenerate done, but no better than a constant prediction; in the statistics as they are
   * @param unfinished trials without a result: errors and cancelled ones
   * @param standardDeviation with divisor runs - 1; null for a single run
   * @param difference of the mean to that of stl with the same training, over the seeds that both
   *     have; null for stl and without any
   * @param interval of the difference; null without, and where predictions are missing
   * @param trainSeconds median over the done runs; null without any
   * @param deviceSeconds sum over the runs
   * @param outOfDistribution the primary metric on each further set, over the done runs; null
   *     without any
   * @param flipped of the training examples with a wrong label, the shares {@code memorized} and
   *     {@code recovered}, over the done runs; null without any
   * @param rank by mean, 1 is best; ties share the mean of their ranks
   * @param collapse means of the collapse metrics over the runs that have them; null without any
   */
  @RecordBuilder
  public record Row(
      String method,
      SortedMap<String, Object> parameters,
      int runs,
      int failedRuns,
      int diverged,
      int degenerate,
      int unfinished,
      Double mean,
      Double standardDeviation,
      Double median,
      Double rank,
      Double difference,
      Interval interval,
      TrialResult.Collapse collapse,
      Double trainSeconds,
      double deviceSeconds,
      SortedMap<String, Statistic> outOfDistribution,
      SortedMap<String, Statistic> flipped) {}

  /** The primary metric, by what it is made of. */
  String primaryMetric() {
    return (metric.size() > 1 ? "mean of " : "") + String.join(" and ", metric);
  }

  /**
   * 0 for a row with the best mean, 1 for one with the next; -1 for others and where there is
   * nothing to be better than.
   */
  int place(Row row) {
    List<Double> order =
        methods.stream().map(Row::rank).filter(Objects::nonNull).distinct().sorted().toList();
    int place = order.size() < 2 || row.rank() == null ? -1 : order.indexOf(row.rank());
    return place > 1 ? -1 : place;
  }

  /** A row's method, with those of its parameters that tell this table's settings of it apart. */
  public String label(Row row) {
    List<Setting> settings =
        methods.stream().map(other -> new Setting(other.method(), other.parameters())).toList();
    return new Setting(row.method(), row.parameters()).amid(settings).name();
  }
}
