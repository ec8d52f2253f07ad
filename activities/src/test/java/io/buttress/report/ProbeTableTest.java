package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.report.ProbeTable.Cell;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResult.Collapse;
import io.buttress.study.TrialResultBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ProbeTableTest {
  @Test
  void methodsStandBetweenThePretrainedAndTheRandomEncoder() {
    Map<String, List<TrialResult>> runs = new LinkedHashMap<>();
    runs.put("stl", List.of(run(0.70), run(0.74), failed()));
    runs.put("wc", List.of(run(0.79)));
    runs.put("da", List.of(failed()));

    ProbeTable table = ProbeTable.of(runs);

    assertThat(table.tasks()).containsExactly("cola", "sst2");
    assertThat(table.rows())
        .extracting(ProbeTable.Row::name)
        .containsExactly("pre-trained", "stl", "wc", "random");
    assertThat(cells(table, "pre-trained")).startsWith(new Cell("0.800", null));
    assertThat(cells(table, "stl")).startsWith(new Cell("0.720 ± 0.028", "0.080"));
    assertThat(cells(table, "wc")).containsExactly(new Cell("0.790", "0.010"), new Cell("–", "–"));
    assertThat(cells(table, "random")).startsWith(new Cell("0.510", null));
  }

  @Test
  void withoutProbesThereIsNoTable() {
    assertThat(
            ProbeTable.of(Map.of("stl", List.of(failed(), SampleStudy.report().trials().get(0)))))
        .isNull();
  }

  @Test
  void everyReportShowsIt() throws Exception {
    List<TrialResult> trials = new ArrayList<>();
    for (TrialResult trial : SampleStudy.report().trials()) {
      trials.add(trial.collapse() == null ? trial : with(trial, probes(0.71)));
    }
    StudyReport report = StudyReport.of("probing", SampleStudy.KEY, trials, SampleStudy.TASKS);
    ReportView view = ReportView.of(report, SampleStudy.TASKS, SampleStudy.spectra());

    assertThat(ReportText.html(view))
        .contains("<h3>Probing</h3>", ">0.710", "<td class=\"n\">0.090");
    assertThat(ReportText.markdown(view)).contains("| encoder | cola | drop | sst2 | drop |");
    assertThat(report.json()).contains("\"probes.cola\" : 0.71", "\"random\" :");
    assertThat(TrialsCsv.text(trials)).contains("collapse.finetuned.probes.cola");
    assertThat(SampleStudy.report().json()).doesNotContain("\"random\"");
  }

  private static List<Cell> cells(ProbeTable table, String name) {
    return table.rows().stream()
        .filter(row -> row.name().equals(name))
        .findFirst()
        .orElseThrow()
        .cells();
  }

  private static TrialResult run(double cola) {
    return with(failed(), probes(cola));
  }

  private static TrialResult failed() {
    return SampleStudy.report().trials().stream()
        .filter(trial -> trial.collapse() == null)
        .findFirst()
        .orElseThrow();
  }

  private static Collapse probes(double cola) {
    Map<String, Double> random = side(0.51);
    random.remove("effective_rank");
    return new Collapse(side(0.8), side(cola), random, null, null);
  }

  private static Map<String, Double> side(double cola) {
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("effective_rank", 12.0);
    metrics.put("probes.cola", cola);
    metrics.put("probes.sst2", null);
    return metrics;
  }

  private static TrialResult with(TrialResult trial, Collapse collapse) {
    return TrialResultBuilder.from(trial).collapse(collapse).build();
  }
}
