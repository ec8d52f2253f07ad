package io.buttress.report;

import io.buttress.evaluation.Predictions;
import io.buttress.result.Setting;
import io.buttress.statistics.Draws;
import io.buttress.statistics.Interval;
import io.buttress.statistics.PairedBootstrap;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** How far the methods are from stl on one task, over the seeds that both have. */
final class Differences {
  private Differences() {}

  /**
   * @param mean of the primary metric, minus that of stl with the same training
   * @param interval null where predictions are missing
   */
  record Difference(double mean, Interval interval) {}

  private record Pair(TrialResult own, TrialResult stl) {}

  /**
   * @param byMethod whether a method has one setting, chosen among others
   * @param predictions of a trial for the validation set
   * @return by setting; none for stl and where it is missing
   */
  static Map<Setting, Difference> of(
      ReportedTask task,
      Map<Setting, List<TrialResult>> settings,
      boolean byMethod,
      Function<TrialResult, Optional<Predictions>> predictions) {
    Map<Setting, List<Pair>> pairs = new LinkedHashMap<>();
    settings.forEach(
        (setting, trials) -> {
          List<Pair> own = pairs(task, trials, reference(setting, settings, byMethod));
          if (!setting.method().equals(Setting.REFERENCE) && !own.isEmpty()) {
            pairs.put(setting, own);
          }
        });
    SortedMap<String, Predictions> runs = new TreeMap<>();
    pairs.values().stream()
        .flatMap(List::stream)
        .flatMap(pair -> List.of(pair.own(), pair.stl()).stream())
        .filter(trial -> trial.status() == TrialStatus.DONE)
        .forEach(
            trial -> {
              if (!runs.containsKey(trial.fingerprint())) {
                predictions.apply(trial).ifPresent(found -> runs.put(trial.fingerprint(), found));
              }
            });
    PairedBootstrap bootstrap =
        new PairedBootstrap(task.kind(), task.metric(), task.baseline(), runs, Draws.SEEDED);
    Map<Setting, Difference> differences = new LinkedHashMap<>();
    pairs.forEach(
        (setting, own) -> {
          double mean =
              own.stream()
                  .mapToDouble(pair -> task.counted(pair.own()) - task.counted(pair.stl()))
                  .average()
                  .orElseThrow();
          boolean complete =
              own.stream().allMatch(pair -> isKnown(pair.own(), runs) && isKnown(pair.stl(), runs));
          Interval interval =
              complete
                  ? bootstrap.interval(
                      own.stream()
                          .map(pair -> new PairedBootstrap.Pair(run(pair.own()), run(pair.stl())))
                          .toList())
                  : null;
          differences.put(setting, new Difference(mean, interval));
        });
    return differences;
  }

  private static List<TrialResult> reference(
      Setting setting, Map<Setting, List<TrialResult>> settings, boolean byMethod) {
    Setting reference = setting.reference();
    return settings.entrySet().stream()
        .filter(other -> other.getKey().method().equals(reference.method()))
        .filter(other -> byMethod || other.getKey().equals(reference))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(List.of());
  }

  /** By seed; trials without a result have no part. */
  private static List<Pair> pairs(ReportedTask task, List<TrialResult> own, List<TrialResult> stl) {
    SortedMap<Long, TrialResult> references = new TreeMap<>();
    stl.stream()
        .filter(trial -> task.counted(trial) != null)
        .forEach(trial -> references.put(trial.seed(), trial));
    SortedMap<Long, Pair> pairs = new TreeMap<>();
    own.stream()
        .filter(trial -> references.containsKey(trial.seed()))
        .filter(trial -> task.counted(trial) != null)
        .forEach(trial -> pairs.put(trial.seed(), new Pair(trial, references.get(trial.seed()))));
    return new ArrayList<>(pairs.values());
  }

  private static boolean isKnown(TrialResult trial, Map<String, Predictions> runs) {
    return run(trial) == null || runs.containsKey(trial.fingerprint());
  }

  /** The run's fingerprint; null for one that diverged. */
  private static String run(TrialResult trial) {
    return trial.status() == TrialStatus.DONE ? trial.fingerprint() : null;
  }
}
