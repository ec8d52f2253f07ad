package io.buttress.report;

import static io.buttress.report.Results.done;
import static io.buttress.report.Results.ended;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.buttress.result.Setting;
import io.buttress.statistics.Statistic;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StudyReportTest {
  private static final ReportedTask TASK =
      new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000);
  private static final ReportedTask OTHER =
      new ReportedTask("b", TaskKind.CLASSIFICATION, List.of("accuracy", "f1"), 0.6, 2000);
  private static final ReportedTask REGRESSION =
      new ReportedTask("r", TaskKind.REGRESSION, List.of("pearson", "spearman"), 0.0, 2000);

  @Test
  void describesTheRunsOfAMethod() {
    Comparison.Row row =
        table(accuracy("stl", 1, 0.6), accuracy("stl", 2, 0.7), accuracy("stl", 3, 0.95))
            .methods()
            .get(0);

    assertThat(row.runs()).isEqualTo(3);
    assertThat(row.mean()).isCloseTo(0.75, within(1e-12));
    // Squared deviations 0.0225, 0.0025, 0.04 over 2.
    assertThat(row.standardDeviation()).isCloseTo(Math.sqrt(0.0325), within(1e-12));
    assertThat(row.median()).isEqualTo(0.7);
    assertThat(row.rank()).isEqualTo(1);
    assertThat(row.failedRuns()).isZero();
  }

  @Test
  void medianOfAnEvenNumberOfRunsLiesBetweenTheMiddleTwo() {
    Comparison.Row row =
        table(
                accuracy("stl", 1, 0.9),
                accuracy("stl", 2, 0.6),
                accuracy("stl", 3, 0.7),
                accuracy("stl", 4, 0.8))
            .methods()
            .get(0);

    assertThat(row.median()).isCloseTo(0.75, within(1e-12));
  }

  @Test
  void oneRunHasNoStandardDeviation() {
    Comparison table = table(accuracy("stl", 1, 0.6));

    assertThat(table.methods().get(0).standardDeviation()).isNull();
    assertThat(table.methods().get(0).median()).isEqualTo(0.6);
    assertThat(table.descriptiveOnly()).isTrue();
  }

  @Test
  void fiveRunsOfEveryMethodAreEnoughToCompare() {
    List<TrialResult> trials = new ArrayList<>();
    for (int seed = 1; seed <= 5; seed++) {
      trials.add(accuracy("stl", seed, 0.6));
      trials.add(accuracy("repina-i", seed, 0.7));
    }
    assertThat(table(trials).descriptiveOnly()).isFalse();
    trials.set(9, ended("a", "repina-i", 5, TrialStatus.ERROR));
    assertThat(table(trials).descriptiveOnly()).isTrue();
  }

  @Test
  void equalMeansShareTheirRanks() {
    Comparison table =
        table(
            accuracy("low", 1, 0.6),
            accuracy("tied", 1, 0.7),
            accuracy("tied", 2, 0.9),
            accuracy("too", 1, 0.8),
            accuracy("high", 1, 0.9));

    assertThat(table.methods())
        .extracting(Comparison.Row::method, Comparison.Row::rank)
        .containsExactly(
            tuple("low", 4.0), tuple("tied", 2.5), tuple("too", 2.5), tuple("high", 1.0));
  }

  @Test
  void divergedRunsCountWithTheBaselineAndErrorsNotAtAll() {
    Comparison.Row row =
        table(
                accuracy("stl", 1, 0.9),
                ended("a", "stl", 2, TrialStatus.DIVERGED),
                ended("a", "stl", 3, TrialStatus.ERROR),
                ended("a", "stl", 4, TrialStatus.CANCELLED))
            .methods()
            .get(0);

    assertThat(row.mean()).isCloseTo((0.9 + 0.5) / 2, within(1e-12));
    assertThat(row.runs()).isEqualTo(2);
    assertThat(row.diverged()).isEqualTo(1);
    assertThat(row.degenerate()).isZero();
    assertThat(row.failedRuns()).isEqualTo(1);
    assertThat(row.unfinished()).isEqualTo(2);
  }

  @Test
  void degenerateRunsAreCountedAndStayInTheMean() {
    Comparison.Row row =
        table(accuracy("stl", 1, 0.9), accuracy("stl", 2, 0.5), accuracy("stl", 3, 0.1))
            .methods()
            .get(0);

    assertThat(row.degenerate()).isEqualTo(2);
    assertThat(row.failedRuns()).isEqualTo(2);
    assertThat(row.mean()).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void aRegressionIsDegenerateUpToAWeakOrUndefinedPearson() {
    Map<String, Double> undefined = new TreeMap<>();
    undefined.put("pearson", null);
    undefined.put("spearman", null);
    Comparison.Row row =
        report(
                List.of(REGRESSION),
                done("r", "stl", 1, Map.of("pearson", 0.8, "spearman", 0.6)),
                done("r", "stl", 2, Map.of("pearson", 0.1, "spearman", 0.9)),
                done("r", "stl", 3, undefined))
            .tables()
            .comparisons()
            .get(0)
            .methods()
            .get(0);

    assertThat(row.degenerate()).isEqualTo(2);
    // An undefined correlation counts as the baseline, none.
    assertThat(row.mean()).isCloseTo((0.7 + 0.5 + 0) / 3, within(1e-12));
  }

  @Test
  void aMethodWithoutResultsHasNoRank() {
    Comparison table =
        table(accuracy("stl", 1, 0.6), ended("a", "repina-i", 1, TrialStatus.CANCELLED));

    Comparison.Row row = table.methods().get(1);
    assertThat(row.mean()).isNull();
    assertThat(row.rank()).isNull();
    assertThat(row.runs()).isZero();
    assertThat(table.methods().get(0).rank()).isEqualTo(1);
  }

  @Test
  void settingsOfAMethodHaveTheirOwnRows() {
    TrialResult weak = withLambda(accuracy("repina-i", 1, 0.6), 0.01);
    TrialResult strong = withLambda(accuracy("repina-i", 1, 0.7), 1.0);

    assertThat(table(weak, strong).methods())
        .extracting(row -> row.parameters().get("lambda"), Comparison.Row::rank)
        .containsExactly(tuple(0.01, 2.0), tuple(1.0, 1.0));
  }

  @Test
  void settingsAreToldApartThoughParametersMayBeNull() {
    TrialResult narrow = withLambda(accuracy("repina-mlp", 1, 0.6), 1.0);
    narrow.parameters().put("width", null);
    TrialResult wide = withLambda(accuracy("repina-mlp", 1, 0.7), 1.0);
    wide.parameters().put("width", 64);
    Comparison table = table(narrow, wide);
    assertThat(table.methods())
        .extracting(table::label)
        .containsExactly("repina-mlp (width=null)", "repina-mlp (width=64)");
  }

  @Test
  void standingsCountWinsAndAverageRanksOverTasks() {
    StudyReport report =
        report(
            List.of(TASK, OTHER),
            accuracy("stl", 1, 0.6),
            accuracy("repina-i", 1, 0.7),
            accuracy("wc", 1, 0.7),
            done("b", "stl", 1, Map.of("accuracy", 0.9, "f1", 0.9)),
            done("b", "repina-i", 1, Map.of("accuracy", 0.8, "f1", 0.7)),
            ended("b", "wc", 1, TrialStatus.ERROR));

    assertThat(report.tables().overall()).hasSize(1);
    Standings standings = report.tables().overall().get(0);
    assertThat(standings.tasks()).isEqualTo(2);
    assertThat(standings.methods())
        .containsExactly(
            new Standings.Row("stl", new TreeMap<>(), 2, 1, null, 2.0, null),
            new Standings.Row("repina-i", new TreeMap<>(), 2, 1, null, 1.75, null),
            new Standings.Row("wc", new TreeMap<>(), 1, 1, null, 1.5, null));
  }

  @Test
  void someTasksCountInNoStandings() {
    ReportedTask wnli =
        new ReportedTask(
            "wnli", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 600, "adversarial");
    StudyReport report =
        report(
            List.of(TASK, wnli),
            accuracy("stl", 1, 0.6),
            accuracy("wc", 1, 0.7),
            done("wnli", "stl", 1, Map.of("accuracy", 0.6)),
            done("wnli", "wc", 1, Map.of("accuracy", 0.4)));

    Standings standings = report.tables().overall().get(0);
    assertThat(standings.tasks()).isEqualTo(1);
    assertThat(standings.unranked()).isEqualTo(Map.of("wnli", "adversarial"));
    assertThat(standings.methods())
        .containsExactly(
            new Standings.Row("stl", new TreeMap<>(), 1, 0, null, 2.0, null),
            new Standings.Row("wc", new TreeMap<>(), 1, 1, null, 1.0, null));
    assertThat(report.tables().comparisons()).as("it has its table").hasSize(2);
  }

  @Test
  void methodsAreTestedAgainstStlOverTheTasks() {
    List<ReportedTask> tasks = new ArrayList<>();
    List<TrialResult> trials = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      String id = "task" + i;
      tasks.add(new ReportedTask(id, TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000));
      trials.add(done(id, "stl", 1, Map.of("accuracy", 0.6)));
      trials.add(done(id, "repina-i", 1, Map.of("accuracy", 0.61 + i / 100.0)));
      trials.add(
          done(id, "wc", 1, Map.of("accuracy", 0.60 + (i % 2 == 0 ? 1 : -1) * (i + 1) / 100.0)));
      if (i > 0) {
        trials.add(done(id, "r3f", 1, Map.of("accuracy", 0.7)));
      }
    }
    Standings standings =
        StudyReport.of("s", SampleStudy.KEY, trials, tasks).tables().overall().get(0);

    assertThat(standings.descriptiveOnly()).isTrue();
    // All six differences have one sign: 2 / 2^6, and two methods are tested.
    assertThat(standings.methods().get(1).againstStl())
        .isEqualTo(new Standings.Test(6, 0.03125, 0.0625));
    assertThat(standings.methods().get(2).againstStl().corrected()).isGreaterThan(0.5);
    assertThat(standings.methods().get(0).againstStl()).as("stl itself").isNull();
    assertThat(standings.methods().get(3).againstStl()).as("five tasks").isNull();
  }

  @Test
  void collapseIsAveragedOverTheRunsThatHaveIt() {
    Comparison.Row row = SampleStudy.report().tables().comparisons().get(0).methods().get(2);

    assertThat(row.collapse().finetuned().get("effective_rank")).isCloseTo(70, within(1e-9));
    assertThat(row.collapse().finetuned()).containsEntry("gm_100", null).containsEntry("nc1", null);
  }

  @Test
  void sharesOfWrongLabelsAreAveragedOverTheRunsThatHaveThem() {
    StudyReport report = RegimesStudy.report();
    Comparison noise = comparison(report, "cola", "label-noise-0.3");

    for (Comparison.Row row : noise.methods()) {
      List<Double> memorized =
          report.trials().stream()
              .filter(trial -> trial.task().equals("cola"))
              .filter(trial -> trial.regime().equals("label-noise-0.3"))
              .filter(trial -> Setting.of(trial).equals(setting(row)))
              .map(trial -> trial.flipped().get("memorized"))
              .toList();
      assertThat(row.flipped()).containsOnlyKeys("memorized", "recovered");
      assertThat(row.flipped().get("memorized")).isEqualTo(Statistic.of(memorized));
      assertThat(memorized).hasSize(3);
    }
    assertThat(comparison(report, "cola", "full").methods()).allMatch(row -> row.flipped() == null);
  }

  @Test
  void furtherSetsAreTabulatedByThePrimaryMetricOfDoneRuns() {
    Comparison table =
        comparison(
            report(
                List.of(OTHER),
                elsewhere(done("b", "stl", 1, Map.of()), Map.of("accuracy", 0.5, "f1", 0.7)),
                elsewhere(done("b", "stl", 2, Map.of()), Map.of("accuracy", 0.7, "f1", 0.9)),
                elsewhere(done("b", "stl", 3, Map.of()), Map.of("accuracy", 0.7)),
                ended("b", "stl", 4, TrialStatus.DIVERGED),
                done("b", "wc", 1, Map.of("accuracy", 0.9, "f1", 0.9))),
            "b",
            "full");

    Statistic far = table.methods().get(0).outOfDistribution().get("far");
    assertThat(far.runs()).as("with an f1 as well").isEqualTo(2);
    assertThat(far.mean()).isCloseTo(0.7, within(1e-12));
    assertThat(far.standardDeviation()).isCloseTo(Math.sqrt(0.02), within(1e-12));
    assertThat(table.methods().get(1).outOfDistribution()).isNull();
  }

  @Test
  void aStatisticHasTheSampleStandardDeviation() {
    Statistic three = Statistic.of(List.of(0.6, 0.7, 0.95));
    assertThat(three.mean()).isCloseTo(0.75, within(1e-12));
    assertThat(three.standardDeviation()).isCloseTo(Math.sqrt(0.0325), within(1e-12));
    assertThat(Statistic.of(List.of(0.6))).isEqualTo(new Statistic(1, 0.6, null));
    assertThat(Statistic.of(List.of())).isNull();
  }

  @Test
  void refusesATrialOfAnUnknownTask() {
    assertThatThrownBy(() -> report(List.of(OTHER), accuracy("stl", 1, 0.6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("task a");
  }

  @Property(tries = 200)
  void ranksAddUpAndFollowTheMeans(
      @ForAll @Size(min = 1, max = 8) List<@DoubleRange(min = 0.5, max = 1) Double> means) {
    List<TrialResult> trials = new ArrayList<>();
    for (int i = 0; i < means.size(); i++) {
      trials.add(accuracy("m" + i, 1, means.get(i)));
    }
    List<Comparison.Row> rows = table(trials).methods();

    double n = rows.size();
    assertThat(rows.stream().mapToDouble(Comparison.Row::rank).sum())
        .isCloseTo(n * (n + 1) / 2, within(1e-9));
    for (Comparison.Row one : rows) {
      for (Comparison.Row two : rows) {
        if (one.mean() > two.mean() + 1e-9) {
          assertThat(one.rank()).isLessThan(two.rank());
        }
      }
    }
  }

  private static TrialResult elsewhere(TrialResult r, Map<String, Double> metrics) {
    return TrialResultBuilder.from(r).outOfDistribution(Map.of("far", metrics)).build();
  }

  private static Comparison comparison(StudyReport report, String task, String regime) {
    return report.tables().comparisons().stream()
        .filter(table -> table.task().equals(task) && table.regime().equals(regime))
        .findFirst()
        .orElseThrow();
  }

  private static Setting setting(Comparison.Row row) {
    return new Setting(row.method(), row.parameters());
  }

  private static TrialResult accuracy(String method, long seed, double accuracy) {
    return done("a", method, seed, Map.of("accuracy", accuracy));
  }

  private static TrialResult withLambda(TrialResult trial, double lambda) {
    trial.parameters().put("lambda", lambda);
    return trial;
  }

  private static Comparison table(TrialResult... trials) {
    return table(List.of(trials));
  }

  private static Comparison table(List<TrialResult> trials) {
    return StudyReport.of("s", SampleStudy.KEY, trials, List.of(TASK))
        .tables()
        .comparisons()
        .get(0);
  }

  private static StudyReport report(List<ReportedTask> tasks, TrialResult... trials) {
    return StudyReport.of("s", SampleStudy.KEY, List.of(trials), tasks);
  }
}
