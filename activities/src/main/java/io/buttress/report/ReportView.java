package io.buttress.report;

import io.buttress.collapse.Spectra;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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
    List<OverallTable> overall,
    List<Gallery> galleries,
    List<StabilityTable> stability,
    List<TaskSection> tasks,
    List<TrialRow> trials) {

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
    List<TaskSection> sections = new ArrayList<>();
    for (Comparison comparison : report.tables().comparisons()) {
      List<TrialResult> trials =
          report.reported().stream()
              .filter(trial -> trial.model().equals(comparison.model()))
              .filter(trial -> trial.task().equals(comparison.task()))
              .filter(trial -> trial.regime().equals(comparison.regime()))
              .toList();
      ReportedTask task = ReportedTask.named(tasks, comparison.task());
      sections.add(TaskSection.of("t" + sections.size(), comparison, task, trials, spectra, links));
    }
    List<Standings> overall = report.tables().overall();
    return new ReportView(
        report.study(),
        report.studyKey(),
        counts(report.trials()),
        report.selects(),
        overall.size() < 2,
        overall.stream().filter(o -> o.tasks() > 1).map(OverallTable::of).toList(),
        Gallery.ofStudy(report, tasks),
        report.tables().stability().stream().map(StabilityTable::of).toList(),
        sections,
        report.trials().stream()
            .map(trial -> TrialRow.of(trial, ReportedTask.named(tasks, trial.task()), links))
            .toList());
  }

  private static String counts(List<TrialResult> trials) {
    Map<TrialStatus, Long> byStatus =
        trials.stream().collect(Collectors.groupingBy(TrialResult::status, Collectors.counting()));
    List<String> parts = new ArrayList<>();
    for (TrialStatus status : TrialStatus.values()) {
      if (byStatus.containsKey(status)) {
        parts.add(byStatus.get(status) + " " + Format.status(status));
      }
    }
    return trials.size()
        + (trials.size() == 1 ? " trial: " : " trials: ")
        + String.join(", ", parts);
  }
}
