package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.buttress.study.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CurvesTest {
  private static final List<ReportedTask> TASKS =
      List.of(new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 4000));

  @Test
  void fewShotSizesAreInOrderAndAllExamplesComeLast() {
    List<Chart> charts =
        Curves.fewShot(
            List.of(
                comparison("full", row("stl", null, 0.9)),
                comparison("few-shot-500", row("stl", null, 0.7)),
                comparison("few-shot-250", row("stl", null, 0.6)),
                comparison("label-noise-0.1", row("stl", null, 0.1))),
            TASKS,
            false);

    assertThat(charts).hasSize(1);
    assertThat(charts.get(0).x().logarithmic()).isTrue();
    assertThat(charts.get(0).series()).hasSize(1);
    assertThat(charts.get(0).series().get(0).points())
        .containsExactly(
            new Chart.Point(250, 0.6, 0.02),
            new Chart.Point(500, 0.7, 0.02),
            new Chart.Point(4000, 0.9, 0.02));
  }

  @Test
  void noWrongLabelIsTheFractionZero() {
    List<Chart> charts =
        Curves.labelNoise(
            List.of(
                comparison("label-noise-0.3", row("stl", null, 0.6)),
                comparison("full", row("stl", null, 0.9)),
                comparison("label-noise-0.05", row("stl", null, 0.8))),
            false);

    assertThat(charts.get(0).series().get(0).points())
        .extracting(Chart.Point::x)
        .containsExactly(0.0, 0.05, 0.3);
  }

  @Test
  void oneSizeIsNoCurve() {
    List<Comparison> comparisons =
        List.of(
            comparison("full", row("stl", null, 0.9)),
            comparison("few-shot-250", row("stl", null, 0.6)));

    assertThat(Curves.fewShot(comparisons, TASKS, false)).isEmpty();
    assertThat(Curves.labelNoise(comparisons, false)).isEmpty();
  }

  @Test
  void settingsHaveLinesOfTheirOwnUnlessOneWasChosenOfEachMethod() {
    List<Comparison> comparisons =
        List.of(
            comparison("few-shot-250", row("wc", 0.1, 0.6), row("wc", 1.0, 0.5)),
            comparison("few-shot-500", row("wc", 0.1, 0.7), row("wc", 1.0, null)));
    assertThat(Curves.fewShot(comparisons, TASKS, false).get(0).series())
        .extracting(Chart.Series::name, series -> series.points().size())
        .containsExactly(tuple("wc (lambda=0.1)", 2), tuple("wc (lambda=1.0)", 1));

    List<Comparison> chosen =
        List.of(
            comparison("few-shot-250", row("wc", 0.1, 0.6)),
            comparison("few-shot-500", row("wc", 1.0, 0.7)));
    assertThat(Curves.fewShot(chosen, TASKS, true).get(0).series())
        .extracting(Chart.Series::name, series -> series.points().size())
        .containsExactly(tuple("wc", 2));
  }

  @Test
  void ofManyLinesStlAndTheBestStandOut() {
    List<Comparison.Row> rows = new ArrayList<>();
    rows.add(row("stl", null, 0.1));
    for (int i = 1; i <= 20; i++) {
      rows.add(row("wc", i / 10.0, 0.5 + i / 100.0));
    }
    Comparison.Row[] all = rows.toArray(Comparison.Row[]::new);
    Chart chart =
        Curves.fewShot(
                List.of(comparison("few-shot-250", all), comparison("few-shot-500", all)),
                TASKS,
                false)
            .get(0);

    assertThat(chart.series()).hasSize(21);
    assertThat(chart.series().subList(0, 14)).allMatch(series -> series.mark().equals(Mark.QUIET));
    assertThat(chart.series().subList(14, 21))
        .extracting(Chart.Series::name)
        .containsExactly(
            "stl",
            "wc (lambda=1.5)",
            "wc (lambda=1.6)",
            "wc (lambda=1.7)",
            "wc (lambda=1.8)",
            "wc (lambda=1.9)",
            "wc (lambda=2.0)");
    assertThat(chart.series().subList(14, 21))
        .extracting(Chart.Series::mark)
        .doesNotContain(Mark.QUIET)
        .doesNotHaveDuplicates();
    assertThat(Picture.of(chart).legend())
        .hasSize(8)
        .last()
        .extracting(Picture.Key::name)
        .isEqualTo("14 others");
  }

  @Test
  void pointsAreTheMeansOfTheTables() {
    StudyReport report = RegimesStudy.report();
    Chart chart = Curves.fewShot(report.tables().comparisons(), RegimesStudy.TASKS, false).get(0);

    Comparison full = report.tables().comparisons().get(0);
    Chart.Series stl =
        chart.series().stream().filter(one -> one.name().equals("stl")).findFirst().orElseThrow();
    assertThat(stl.points().get(2).x()).isEqualTo(8551);
    // One of three runs diverged: it counts with the baseline, as in the table.
    assertThat(stl.points().get(2).y()).isCloseTo(full.methods().get(0).mean(), within(1e-12));
    assertThat(full.methods().get(0).diverged()).isEqualTo(1);
  }

  private static Comparison comparison(String regime, Comparison.Row... rows) {
    return new Comparison("file:/m", "a", regime, List.of("accuracy"), 0.5, true, List.of(rows));
  }

  private static Comparison.Row row(String method, Double lambda, Double mean) {
    TreeMap<String, Object> parameters = new TreeMap<>();
    if (lambda != null) {
      parameters.put("lambda", lambda);
    }
    return ComparisonRowBuilder.builder()
        .method(method)
        .parameters(parameters)
        .runs(3)
        .mean(mean)
        .standardDeviation(mean == null ? null : 0.02)
        .median(mean)
        .build();
  }
}
