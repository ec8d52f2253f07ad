package io.buttress.report;

import io.buttress.result.Setting;
import io.buttress.study.TrialResult;

/**
 * A trial in the list of all trials.
 *
 * @param runLink null without
 * @param workflowLink null without
 */
record TrialRow(
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
    String workflowLink) {

  static TrialRow of(TrialResult trial, ReportedTask task, Links.OfStudy links) {
    String status = Format.status(trial.status());
    return new TrialRow(
        trial.task(),
        Format.model(trial.model()),
        trial.regime(),
        trial.method(),
        Setting.of(trial).described(),
        trial.seed(),
        task.isDegenerate(trial) ? status + ", degenerate" : status,
        Format.metric(task.primary(trial)),
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
}
