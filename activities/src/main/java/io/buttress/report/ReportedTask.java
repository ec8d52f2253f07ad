package io.buttress.report;

import io.buttress.study.TaskKind;
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

  /** One that counts. */
  ReportedTask(
      String id, TaskKind kind, List<String> metric, Double baseline, Integer trainExamples) {
    this(id, kind, metric, baseline, trainExamples, null);
  }
}
