package io.buttress.report;

import static io.buttress.report.Results.done;
import static io.buttress.report.Results.selected;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Reports of studies that chose one setting of each method. */
class SelectionReportTest {
  private static final List<ReportedTask> TASKS =
      List.of(
          new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000),
          new ReportedTask("b", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 2000));

  /** Searched with two lambdas a task; the chosen one differs from task to task. */
  private static StudyReport study() {
    List<TrialResult> trials = new ArrayList<>();
    for (String task : List.of("a", "b")) {
      for (double lambda : new double[] {0.1, 1}) {
        trials.add(selected(repina(task, lambda, 0.95), false));
      }
      trials.add(selected(done(task, "stl", 1, Map.of("accuracy", 0.96)), false));
    }
    for (String task : List.of("a", "b")) {
      trials.add(selected(repina(task, task.equals("a") ? 0.1 : 1, 0.8), true));
      trials.add(selected(done(task, "stl", 1, Map.of("accuracy", 0.7)), true));
    }
    return StudyReport.of("s", SampleStudy.KEY, trials, TASKS);
  }

  private static TrialResult repina(String task, double lambda, double accuracy) {
    TrialResult trial = done(task, "repina-i", 1, Map.of("accuracy", accuracy));
    trial.parameters().put("lambda", lambda);
    return trial;
  }

  @Test
  void tablesHaveARowAMethodAndNothingOfTheSearch() {
    StudyReport report = study();

    assertThat(report.trials()).hasSize(10);
    for (Comparison comparison : report.tables().comparisons()) {
      assertThat(comparison.methods())
          .extracting(Comparison.Row::method, Comparison.Row::runs, Comparison.Row::mean)
          .containsExactly(tuple("repina-i", 1, 0.8), tuple("stl", 1, 0.7));
    }
  }

  @Test
  void methodsStandInTheOrderOfTheStudyWhateverWasChosen() {
    List<TrialResult> trials = new ArrayList<>();
    for (boolean best : new boolean[] {false, true}) {
      trials.add(selected(done("a", "stl", best ? 2 : 1, Map.of("accuracy", 0.7)), best));
      trials.add(selected(repina("a", best ? 1 : 0.1, 0.8), !best));
    }
    StudyReport report = StudyReport.of("s", SampleStudy.KEY, trials, TASKS);
    assertThat(report.tables().comparisons().get(0).methods())
        .extracting(Comparison.Row::method)
        .containsExactly("stl", "repina-i");
  }

  @Test
  void standingsAreByMethodThoughItsSettingDiffersFromTaskToTask() {
    assertThat(study().tables().overall())
        .singleElement()
        .satisfies(
            overall ->
                assertThat(overall.methods())
                    .containsExactly(
                        new Standings.Row("repina-i", new TreeMap<>(), 2, 2, null, 1.0, null),
                        new Standings.Row("stl", new TreeMap<>(), 2, 0, null, 2.0, null)));
  }

  @Test
  void picturesShowReportedTrialsAndTheListTellsThemApart() throws Exception {
    ReportView view = ReportView.of(study(), TASKS, Map.of());
    String html = ReportText.html(view);
    String markdown = ReportText.markdown(view);

    assertThat(html.split("<circle ", -1)).as("dots").hasSize(4 + 1);
    assertThat(html).contains("set apart from the training set").contains("<th>reported</th>");
    assertThat(markdown).contains("set apart from the training set");
    List<String> list = markdown.lines().dropWhile(line -> !line.startsWith("| task |")).toList();
    assertThat(list).hasSize(2 + 10);
    assertThat(list).filteredOn(row -> row.contains("| done | no |")).hasSize(6);
    assertThat(list).filteredOn(row -> row.contains("| done | yes |")).hasSize(4);
  }

  @Test
  void aStudyWithoutSelectionSaysNothingOfIt() throws Exception {
    ReportView view = ReportView.of(SampleStudy.report(), SampleStudy.TASKS, Map.of());
    assertThat(ReportText.html(view)).doesNotContain("set apart").doesNotContain("<th>reported");
    assertThat(ReportText.markdown(view)).doesNotContain("set apart").doesNotContain("reported |");
  }
}
