package io.buttress.report;

import io.buttress.collapse.Spectra;
import io.buttress.encoding.Evaluator;
import io.buttress.result.Setting;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A report as its page and its text show it: every value formatted, nothing escaped.
 *
 * @param counts such as {@code 12 trials: 10 done, 1 diverged, 1 error}
 * @param selects whether one setting of each method was chosen, so that tables leave trials out
 * @param single whether there is one model and one regime only, so that naming them tells nothing
 */
record ReportView(
    String study,
    String studyKey,
    String counts,
    boolean selects,
    boolean single,
    List<Overall> overall,
    List<Gallery> galleries,
    List<Steadiness> stability,
    List<Task> tasks,
    List<Detail> trials) {

  private static final String CURVE_NOTE =
      "Means over runs on the validation set; bars are one standard deviation.";

  private static final String TRADE_OFF_NOTE =
      "Lines: means over runs by setting, bars are one standard deviation; dashed: stl."
          + " Dots: one a run, by method.";

  private static final String LAYERS_NOTE =
      "At every hidden state, means over runs, on the first "
          + Evaluator.SAMPLE
          + " validation examples at most. Dashed: pre-trained. At the embeddings (0) [CLS] is the same for every input.";

  private static final String TRAJECTORY_NOTE =
      "In the middle of training, means over runs, on the first "
          + Evaluator.SAMPLE
          + " validation examples at most.";

  /**
   * @param tested whether there are tasks enough to test a method against stl
   */
  record Overall(
      String model,
      String regime,
      int tasks,
      boolean descriptiveOnly,
      boolean tested,
      List<Standing> methods,
      List<Unranked> unranked,
      RankPlot ranks) {}

  record Unranked(String task, String why) {}

  record Standing(
      String method,
      String parameters,
      String tasks,
      String wins,
      String significantWins,
      String meanRank,
      boolean best,
      String p,
      String corrected) {}

  record Steadiness(String model, String regime, List<Steady> methods) {}

  record Steady(
      String method,
      String parameters,
      int runs,
      int diverged,
      int degenerate,
      int unfinished,
      String passes,
      String hours,
      String seconds,
      String relative) {}

  /**
   * Pictures of one kind.
   *
   * @param note how to read them
   */
  record Gallery(String anchor, String title, String note, List<Picture> pictures) {}

  record Task(
      String anchor,
      String task,
      String model,
      String regime,
      String metric,
      String baseline,
      boolean descriptiveOnly,
      boolean compared,
      List<Method> methods,
      StripPlot strip,
      ResultTable outOfDistribution,
      ResultTable flipped,
      CollapseTable collapse,
      ProbeTable probing,
      SpectrumPlot spectrum,
      List<Gallery> galleries) {}

  record Method(
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

  record Detail(
      String task,
      String model,
      String regime,
      String method,
      String parameters,
      long seed,
      String status,
      String primary,
      String failure,
      String steps,
      String seconds,
      String rate,
      String runId,
      String modelUri,
      String fingerprint,
      String reported,
      String runLink,
      String workflowLink) {}

  boolean linked() {
    return trials.stream()
        .anyMatch(trial -> trial.runLink() != null || trial.workflowLink() != null);
  }

  /** Without links. */
  static ReportView of(StudyReport report, List<ReportedTask> tasks, Map<String, Spectra> spectra) {
    return of(report, tasks, spectra, Links.OfStudy.NONE);
  }

  /**
   * @param spectra by fingerprint, of the trials that were measured
   */
  static ReportView of(
      StudyReport report,
      List<ReportedTask> tasks,
      Map<String, Spectra> spectra,
      Links.OfStudy links) {
    List<Task> views = new ArrayList<>();
    for (Comparison comparison : report.tables().comparisons()) {
      List<TrialResult> trials =
          report.reported().stream()
              .filter(trial -> trial.model().equals(comparison.model()))
              .filter(trial -> trial.task().equals(comparison.task()))
              .filter(trial -> trial.regime().equals(comparison.regime()))
              .toList();
      ReportedTask task = Comparisons.task(tasks, comparison.task());
      views.add(task("t" + views.size(), comparison, task, trials, spectra, links));
    }
    List<Standings> overall = report.tables().overall();
    return new ReportView(
        report.study(),
        report.studyKey(),
        counts(report.trials()),
        report.selects(),
        overall.size() < 2,
        overall.stream().filter(o -> o.tasks() > 1).map(ReportView::overall).toList(),
        curves(report, tasks),
        report.tables().stability().stream().map(ReportView::stability).toList(),
        views,
        report.trials().stream()
            .map(trial -> detail(trial, Comparisons.task(tasks, trial.task()), links))
            .toList());
  }

  private static String counts(List<TrialResult> trials) {
    Map<TrialStatus, Long> byStatus =
        trials.stream().collect(Collectors.groupingBy(TrialResult::status, Collectors.counting()));
    List<String> parts = new ArrayList<>();
    for (TrialStatus status : TrialStatus.values()) {
      if (byStatus.containsKey(status)) {
        parts.add(byStatus.get(status) + " " + status(status));
      }
    }
    return trials.size()
        + (trials.size() == 1 ? " trial: " : " trials: ")
        + String.join(", ", parts);
  }

  private static Steadiness stability(Stability stability) {
    return new Steadiness(
        Format.model(stability.model()),
        stability.regime(),
        stability.methods().stream()
            .map(
                row ->
                    new Steady(
                        row.method(),
                        new Setting(row.method(), row.parameters()).described(),
                        row.runs(),
                        row.diverged(),
                        row.degenerate(),
                        row.unfinished(),
                        Format.count(row.passes()),
                        Format.size(row.deviceHours()),
                        Format.size(row.trainSeconds()),
                        Format.ratio(row.relativeSeconds())))
            .toList());
  }

  private static List<Gallery> curves(StudyReport report, List<ReportedTask> tasks) {
    List<Comparison> comparisons = report.tables().comparisons();
    List<Chart> fewShot = Curves.fewShot(comparisons, tasks, report.selects());
    List<Chart> noise = Curves.labelNoise(comparisons, report.selects());
    return Stream.of(
            gallery("few-shot", "Few training examples", CURVE_NOTE, fewShot),
            gallery("label-noise", "Wrong training labels", CURVE_NOTE, noise))
        .filter(gallery -> !gallery.pictures().isEmpty())
        .toList();
  }

  private static List<Gallery> galleries(
      String anchor, Comparison comparison, ReportedTask task, List<TrialResult> trials) {
    List<Chart> tradeOff = new ArrayList<>(TradeOff.grids(comparison));
    Chart runs = TradeOff.runs(task, comparison, trials);
    if (runs != null) {
      tradeOff.add(runs);
    }
    return Stream.of(
            gallery(
                anchor + "-layers",
                "Layer by layer",
                LAYERS_NOTE,
                CollapseCurves.layers(comparison)),
            gallery(
                anchor + "-training",
                "During training",
                TRAJECTORY_NOTE,
                CollapseCurves.trajectories(comparison)),
            gallery(anchor + "-trade-off", "Result and collapse", TRADE_OFF_NOTE, tradeOff))
        .filter(gallery -> !gallery.pictures().isEmpty())
        .toList();
  }

  private static Gallery gallery(String anchor, String title, String note, List<Chart> charts) {
    return new Gallery(anchor, title, note, charts.stream().map(Picture::of).toList());
  }

  private static Overall overall(Standings standings) {
    double best =
        standings.methods().stream()
            .map(Standings.Row::meanRank)
            .filter(Objects::nonNull)
            .mapToDouble(rank -> rank)
            .min()
            .orElse(Double.NaN);
    return new Overall(
        Format.model(standings.model()),
        standings.regime(),
        standings.tasks(),
        standings.descriptiveOnly(),
        standings.methods().stream().anyMatch(row -> row.againstStl() != null),
        standings.methods().stream()
            .map(
                row ->
                    new Standing(
                        row.method(),
                        new Setting(row.method(), row.parameters()).described(),
                        row.tasks() + " of " + standings.tasks(),
                        Integer.toString(row.wins()),
                        Format.count(row.significantWins()),
                        Format.rank(row.meanRank()),
                        row.meanRank() != null && row.meanRank() == best,
                        Format.size(row.againstStl() == null ? null : row.againstStl().p()),
                        Format.size(
                            row.againstStl() == null ? null : row.againstStl().corrected())))
            .toList(),
        standings.unranked().entrySet().stream()
            .map(task -> new Unranked(task.getKey(), task.getValue()))
            .toList(),
        RankPlot.of(standings.criticalDifference()));
  }

  private static Task task(
      String anchor,
      Comparison comparison,
      ReportedTask task,
      List<TrialResult> trials,
      Map<String, Spectra> spectra,
      Links.OfStudy links) {
    List<Method> methods = new ArrayList<>();
    Map<String, List<TrialResult>> byMethod = new LinkedHashMap<>();
    List<StripPlot.Runs> runs = new ArrayList<>();
    for (Comparison.Row row : comparison.methods()) {
      Setting setting = new Setting(row.method(), row.parameters());
      List<TrialResult> own =
          trials.stream().filter(trial -> Setting.of(trial).equals(setting)).toList();
      methods.add(method(row, setting, comparison.place(row), runs(task, own, links)));
      byMethod.put(comparison.label(row), own);
      if (row.mean() != null) {
        runs.add(new StripPlot.Runs(comparison.label(row), row.mean(), values(task, own)));
      }
    }
    List<SpectrumPlot.Runs> measured =
        byMethod.entrySet().stream()
            .map(own -> new SpectrumPlot.Runs(own.getKey(), spectra(own.getValue(), spectra)))
            .toList();
    return new Task(
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
        galleries(anchor, comparison, task, trials));
  }

  /** One for each trial that can be looked at. */
  private static List<Run> runs(ReportedTask task, List<TrialResult> trials, Links.OfStudy links) {
    return trials.stream()
        .filter(trial -> links.run(trial) != null || links.workflow(trial) != null)
        .map(
            trial ->
                new Run(
                    trial.seed(),
                    trial.status() == TrialStatus.DONE
                        ? Format.metric(Comparisons.primary(task, trial))
                        : status(trial.status()),
                    links.run(trial),
                    links.workflow(trial)))
        .toList();
  }

  private static Method method(Comparison.Row row, Setting setting, int place, List<Run> links) {
    String failed =
        row.failedRuns() == 0
            ? "0"
            : String.format(
                "%d (%d diverged, %d degenerate)",
                row.failedRuns(), row.diverged(), row.degenerate());
    return new Method(
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
      Double value = Comparisons.counted(task, trial);
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

  private static Detail detail(TrialResult trial, ReportedTask task, Links.OfStudy links) {
    String status = status(trial.status());
    return new Detail(
        trial.task(),
        Format.model(trial.model()),
        trial.regime(),
        trial.method(),
        Setting.of(trial).described(),
        trial.seed(),
        Comparisons.isDegenerate(task, trial) ? status + ", degenerate" : status,
        Format.metric(Comparisons.primary(task, trial)),
        trial.failure(),
        Format.count(trial.steps()),
        Format.size(trial.trainSeconds()),
        Format.size(trial.examplesPerSecond()),
        Format.text(trial.mlflowRunId()),
        Format.text(trial.modelUri()),
        trial.fingerprint(),
        Boolean.FALSE.equals(trial.selected()) ? "no" : "yes",
        links.run(trial),
        links.workflow(trial));
  }

  private static String status(TrialStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }
}
