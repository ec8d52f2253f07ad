package io.buttress.report;

import io.buttress.collapse.Spectra;
import io.buttress.result.Setting;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** All that is shown of a task, for a model and a regime: the methods side by side. */
record TaskSection(
    String anchor,
    String task,
    String model,
    String regime,
    String metric,
    String baseline,
    boolean descriptiveOnly,
    boolean compared,
    List<Row> methods,
    StripPlot strip,
    ResultTable outOfDistribution,
    ResultTable flipped,
    CollapseTable collapse,
    ProbeTable probing,
    SpectrumPlot spectrum,
    List<Gallery> galleries) {

  record Row(
      String method,
      String parameters,
      String mean,
      String deviation,
      String difference,
      String interval,
      String median,
      int runs,
      String failed,
      int unfinished,
      String rank,
      boolean best,
      boolean second,
      List<Run> links) {
    boolean linked() {
      return !links.isEmpty();
    }
  }

  /**
   * One run behind a mean.
   *
   * @param runLink null without
   * @param workflowLink null without
   */
  record Run(long seed, String result, String runLink, String workflowLink) {}

  static TaskSection of(
      String anchor,
      Comparison comparison,
      ReportedTask task,
      List<TrialResult> trials,
      Map<String, Spectra> spectra,
      Links.OfStudy links) {
    List<Row> methods = new ArrayList<>();
    Map<String, List<TrialResult>> byMethod = new LinkedHashMap<>();
    List<StripPlot.Runs> runs = new ArrayList<>();
    for (Comparison.Row row : comparison.methods()) {
      Setting setting = new Setting(row.method(), row.parameters());
      List<TrialResult> own =
          trials.stream().filter(trial -> Setting.of(trial).equals(setting)).toList();
      methods.add(row(row, setting, comparison.place(row), runs(task, own, links)));
      byMethod.put(comparison.label(row), own);
      if (row.mean() != null) {
        runs.add(new StripPlot.Runs(comparison.label(row), row.mean(), values(task, own)));
      }
    }
    List<SpectrumPlot.Runs> measured =
        byMethod.entrySet().stream()
            .map(own -> new SpectrumPlot.Runs(own.getKey(), spectra(own.getValue(), spectra)))
            .toList();
    return new TaskSection(
        anchor,
        comparison.task(),
        Format.model(comparison.model()),
        comparison.regime(),
        comparison.primaryMetric(),
        Format.metric(comparison.baseline()),
        comparison.descriptiveOnly(),
        comparison.methods().stream().anyMatch(row -> row.difference() != null),
        methods,
        comparison.baseline() == null ? null : StripPlot.of(comparison.baseline(), runs),
        ResultTable.of(comparison, Comparison.Row::outOfDistribution, true),
        ResultTable.of(comparison, Comparison.Row::flipped, false),
        CollapseTable.of(comparison),
        ProbeTable.of(byMethod),
        SpectrumPlot.of(measured),
        Gallery.ofTask(anchor, comparison, task, trials));
  }

  /** The runs that have a page on the tracking server or in Temporal's web UI. */
  private static List<Run> runs(ReportedTask task, List<TrialResult> trials, Links.OfStudy links) {
    return trials.stream()
        .filter(trial -> links.run(trial) != null || links.workflow(trial) != null)
        .map(
            trial ->
                new Run(
                    trial.seed(),
                    trial.status() == TrialStatus.DONE
                        ? Format.metric(task.primary(trial))
                        : Format.status(trial.status()),
                    links.run(trial),
                    links.workflow(trial)))
        .toList();
  }

  private static Row row(Comparison.Row row, Setting setting, int place, List<Run> links) {
    String failed =
        row.failedRuns() == 0
            ? "0"
            : String.format(
                "%d (%d diverged, %d degenerate)",
                row.failedRuns(), row.diverged(), row.degenerate());
    return new Row(
        row.method(),
        setting.described(),
        Format.metric(row.mean()),
        Format.metric(row.standardDeviation()),
        Format.difference(row.difference()),
        Format.interval(row.interval()),
        Format.metric(row.median()),
        row.runs(),
        failed,
        row.unfinished(),
        Format.rank(row.rank()),
        place == 0,
        place == 1,
        links);
  }

  private static List<StripPlot.Run> values(ReportedTask task, List<TrialResult> trials) {
    List<StripPlot.Run> runs = new ArrayList<>();
    for (TrialResult trial : trials) {
      Double value = task.counted(trial);
      if (value != null) {
        boolean diverged = trial.status() == TrialStatus.DIVERGED;
        String title =
            "seed " + trial.seed() + ": " + (diverged ? "diverged" : Format.metric(value));
        runs.add(new StripPlot.Run(value, diverged, title));
      }
    }
    return runs;
  }

  private static List<Spectra> spectra(List<TrialResult> trials, Map<String, Spectra> spectra) {
    return trials.stream()
        .map(trial -> spectra.get(trial.fingerprint()))
        .filter(Objects::nonNull)
        .toList();
  }
}
