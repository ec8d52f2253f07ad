package io.buttress.plan;

import static io.buttress.plan.Searches.repina;
import static io.buttress.plan.Searches.trial;
import static io.buttress.study.Trials.stl;
import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.Method;
import io.buttress.study.Trial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.DoubleStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class SettingChoiceTest {
  private static final int SEEDS = 3;

  /** The chosen method of settings that were each run with one seed a score. */
  private static Method chosen(List<Method> methods, Double[]... scores) {
    List<Trial> trials = new ArrayList<>();
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      for (int seed = 0; seed < scores[i].length; seed++) {
        trials.add(trial(methods.get(i), seed));
        all.add(scores[i][seed]);
      }
    }
    List<Trial> chosen = SettingChoice.of(trials, all);
    assertThat(chosen).hasSize(scores[0].length);
    assertThat(chosen).extracting(Trial::method).containsOnly(chosen.get(0).method());
    return chosen.get(0).method();
  }

  private static Double[] scores(Double... scores) {
    return scores;
  }

  @Example
  void theGreatestMeanIsChosen() {
    Method small = repina(0.01, "cls");
    Method large = repina(0.1, "cls");
    List<Method> both = List.of(small, large);
    assertThat(chosen(both, scores(0.9, 0.1), scores(0.6, 0.5))).isEqualTo(large);
    assertThat(chosen(both, scores(0.9, 0.3), scores(0.6, 0.5))).isEqualTo(small);
    assertThat(chosen(both, scores(-0.2), scores(-0.1))).isEqualTo(large);
  }

  @Example
  void settingsThatLackScoresAreLast() {
    List<Method> both = List.of(repina(0.01, "cls"), repina(0.1, "cls"));
    assertThat(chosen(both, scores(0.9, null), scores(0.2, 0.1))).isEqualTo(both.get(1));
    assertThat(chosen(both, scores(null, null), scores(0.1, null))).isEqualTo(both.get(1));
    assertThat(chosen(both, scores(0.3, null), scores(null, 0.4))).isEqualTo(both.get(1));
    assertThat(chosen(both, scores(null, null), scores(null, null))).isEqualTo(both.get(0));
  }

  @Example
  void tiesGoToTheSmallerLambdaThenToTheEarlier() {
    Method large = repina(0.1, "cls");
    Method cls = repina(0.01, "cls");
    Method mean = repina(0.01, "mean");
    assertThat(chosen(List.of(large, cls), scores(0.5), scores(0.5))).isEqualTo(cls);
    assertThat(chosen(List.of(mean, cls), scores(0.5), scores(0.5))).isEqualTo(mean);
    assertThat(chosen(List.of(cls, mean), scores(0.5), scores(0.5))).isEqualTo(cls);
    // 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floating point.
    assertThat(chosen(List.of(large, cls), scores(0.1, 0.2, 0.3), scores(0.3, 0.2, 0.1)))
        .isEqualTo(cls);
  }

  @Example
  void trainingIsPartOfASettingAndTasksAndMethodsChooseForThemselves() {
    List<Trial> trials = new ArrayList<>();
    List<Double> scores = new ArrayList<>();
    for (String task : List.of("s", "t")) {
      for (double rate : new double[] {1e-5, 2e-5}) {
        for (Method method : List.of(stl(), repina(0.01, "cls"))) {
          trials.add(trial(task, method, rate, 1));
          boolean prefersFast = task.equals("s") == method.id().equals("stl");
          scores.add(prefersFast ? rate : -rate);
        }
      }
    }
    assertThat(SettingChoice.of(trials, scores))
        .extracting(
            t ->
                t.dataset().task().spec().id()
                    + " "
                    + t.method().id()
                    + " "
                    + t.training().learningRate())
        .containsExactly("s repina-i 1.0E-5", "s stl 2.0E-5", "t stl 1.0E-5", "t repina-i 2.0E-5");
  }

  @Provide
  Arbitrary<Double[]> results() {
    return Arbitraries.integers()
        .between(0, 10)
        .map(i -> i / 10.0)
        .injectNull(0.2)
        .array(Double[].class)
        .ofSize(4 * SEEDS);
  }

  @Property(tries = 300)
  void noSettingIsBetterThanTheChosenOne(@ForAll("results") Double[] scores) {
    List<Method> methods =
        DoubleStream.of(0.3, 0.1, 0.2, 0.4).mapToObj(lambda -> repina(lambda, "cls")).toList();
    List<Trial> trials = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      trials.add(trial(methods.get(i / SEEDS), i % SEEDS));
    }
    List<Trial> chosen = SettingChoice.of(trials, Arrays.asList(scores));

    assertThat(chosen).hasSize(SEEDS).extracting(Trial::seed).containsExactly(0L, 1L, 2L);
    int at = methods.indexOf(chosen.get(0).method());
    for (int other = 0; other < 4; other++) {
      int missing = missing(scores, at) - missing(scores, other);
      assertThat(missing).isLessThanOrEqualTo(0);
      if (missing == 0) {
        assertThat(mean(scores, at)).isGreaterThan(mean(scores, other) - 1e-9);
        if (Math.abs(mean(scores, at) - mean(scores, other)) < 1e-9) {
          assertThat(methods.get(at).number("lambda"))
              .isLessThanOrEqualTo(methods.get(other).number("lambda"));
        }
      }
    }
  }

  private static int missing(Double[] scores, int setting) {
    return (int) own(scores, setting).stream().filter(Objects::isNull).count();
  }

  private static double mean(Double[] scores, int setting) {
    return own(scores, setting).stream()
        .filter(Objects::nonNull)
        .mapToDouble(score -> score)
        .average()
        .orElse(-1);
  }

  private static List<Double> own(Double[] scores, int setting) {
    return Arrays.asList(scores).subList(setting * SEEDS, (setting + 1) * SEEDS);
  }
}
