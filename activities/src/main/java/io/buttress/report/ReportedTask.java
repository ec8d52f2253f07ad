package io.buttress.report;

import io.buttress.evaluation.Metrics;
import io.buttress.statistics.Ranks;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import java.util.List;

/**
 * What a report has to know of a task.
 *
 * @param metric metric keys whose mean is the primary metric
 * @param baseline what a constant prediction reaches in the primary metric on the validation set;
 *     null when no trial of the task has a result
 * @param trainExamples how many there are without a regime; null when no trial has a result
 * @param unranked why it counts in no wins and mean ranks; null: it counts
 */
public record ReportedTask(
    String id,
    TaskKind kind,
    List<String> metric,
    Double baseline,
    Integer trainExamples,
    String unranked) {
  /** A correlation up to this is no better than none. */
  private static final double NO_CORRELATION = 0.1;

  /** A task that counts in wins and mean ranks. */
  ReportedTask(
      String id, TaskKind kind, List<String> metric, Double baseline, Integer trainExamples) {
    this(id, kind, metric, baseline, trainExamples, null);
  }

  /**
   * @throws IllegalArgumentException when none has the id
   */
  static ReportedTask named(List<ReportedTask> tasks, String id) {
    return tasks.stream()
        .filter(task -> task.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("a trial names the unknown task " + id));
  }

  /** A trial's primary metric on the validation set; null where undefined. */
  Double primary(TrialResult trial) {
    return trial.validation() == null ? null : Metrics.mean(metric, trial.validation());
  }

  /** The value with which a run enters statistics; null for a trial without a result. */
  Double counted(TrialResult trial) {
    Double primary = trial.status() == TrialStatus.DONE ? primary(trial) : null;
    return isRun(trial) && primary == null ? baseline : primary;
  }

  /** Whether a trial was trained, to its end or until it diverged. */
  static boolean isRun(TrialResult trial) {
    return trial.status() == TrialStatus.DONE || trial.status() == TrialStatus.DIVERGED;
  }

  /** Whether a done trial learned nothing that a constant prediction does not know. */
  boolean isDegenerate(TrialResult trial) {
    if (trial.status() != TrialStatus.DONE) {
      return false;
    }
    if (kind == TaskKind.REGRESSION) {
      Double pearson = trial.validation() == null ? null : trial.validation().get("pearson");
      return pearson == null || !(pearson > NO_CORRELATION);
    }
    Double primary = primary(trial);
    return primary == null || primary <= baseline + Ranks.TIE;
  }
}
