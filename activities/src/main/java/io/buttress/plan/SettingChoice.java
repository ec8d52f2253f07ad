package io.buttress.plan;

import io.buttress.study.Method;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedModel;
import io.buttress.study.Training;
import io.buttress.study.Trial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Chooses one setting (method parameters and training) of each (model, task, regime, method): the
 * one with the greatest mean score over seeds. Settings with fewer trials that lack a score come
 * first; of equal means the smaller {@code lambda} wins, then the one planned earlier.
 */
final class SettingChoice {
  /** Means are compared rounded to this: sums in another order may differ in the last bits. */
  private static final double TIE = 1e-12;

  private SettingChoice() {}

  private record Group(ResolvedModel model, String task, Regime regime, String method) {
    static Group of(Trial trial) {
      return new Group(
          trial.dataset().model(),
          trial.dataset().task().spec().id(),
          trial.regime(),
          trial.method().id());
    }
  }

  private record Setting(Method method, Training training) {
    static Setting of(Trial trial) {
      return new Setting(trial.method(), trial.training());
    }

    double lambda() {
      return method.parameters().containsKey("lambda") ? method.number("lambda") : 0;
    }
  }

  private record Candidate(Setting setting, List<Double> scores) {
    long missing() {
      return scores.stream().filter(Objects::isNull).count();
    }

    double mean() {
      double mean =
          scores.stream()
              .filter(Objects::nonNull)
              .mapToDouble(score -> score)
              .average()
              .orElse(Double.NEGATIVE_INFINITY);
      return Math.rint(mean / TIE) * TIE;
    }
  }

  private static final Comparator<Candidate> BEST_FIRST =
      Comparator.comparingLong(Candidate::missing)
          .thenComparing(Comparator.comparingDouble(Candidate::mean).reversed())
          .thenComparingDouble(candidate -> candidate.setting().lambda());

  /**
   * The trials with a chosen setting, in plan order; every group has one.
   *
   * @param scores of the trials, in their order, greater is better; null for a trial without one
   */
  static List<Trial> of(List<Trial> trials, List<Double> scores) {
    Map<Group, Map<Setting, List<Double>>> groups = new LinkedHashMap<>();
    for (int i = 0; i < trials.size(); i++) {
      groups
          .computeIfAbsent(Group.of(trials.get(i)), group -> new LinkedHashMap<>())
          .computeIfAbsent(Setting.of(trials.get(i)), setting -> new ArrayList<>())
          .add(scores.get(i));
    }
    Map<Group, Setting> chosen = new HashMap<>();
    groups.forEach(
        (group, settings) ->
            chosen.put(
                group,
                settings.entrySet().stream()
                    .map(setting -> new Candidate(setting.getKey(), setting.getValue()))
                    .min(BEST_FIRST)
                    .orElseThrow()
                    .setting()));
    return trials.stream()
        .filter(trial -> chosen.get(Group.of(trial)).equals(Setting.of(trial)))
        .toList();
  }
}
