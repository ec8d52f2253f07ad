package io.buttress.training;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.encoding.EvaluationStore;
import io.buttress.encoding.ProbeStore;
import io.buttress.study.Numerics;
import io.buttress.study.ProbeRequest;
import io.buttress.study.Trial;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * What the store has of a trial already.
 *
 * @param fit the training run; one without a model only when the trial keeps none
 * @param probed whether its encoder has been probed for all other tasks that are asked for
 */
record StoredTrial(
    Optional<FitStore.Stored> fit, Optional<EvaluationStore.Stored> evaluation, boolean probed) {

  static StoredTrial find(
      Trial trial, Numerics numerics, FitStore fits, EvaluationStore evaluations, ProbeStore probes)
      throws IOException {
    Optional<EvaluationStore.Stored> evaluation = evaluations.find(trial, numerics);
    return new StoredTrial(
        fits.find(trial, numerics),
        evaluation,
        evaluation.isPresent() && probed(trial, numerics, probes));
  }

  private static boolean probed(Trial trial, Numerics numerics, ProbeStore probes)
      throws IOException {
    for (ProbeRequest request : trial.probeRequests()) {
      if (probes.find(trial.fingerprint(), request, numerics).isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** What came of the trial; empty as long as something is left to do. */
  Optional<FineTuned> result() {
    return fit.filter(run -> run.diverged() || (evaluation.isPresent() && probed))
        .map(run -> result(run, evaluation));
  }

  /**
   * @param evaluation empty for a run that diverged
   */
  static FineTuned result(FitStore.Stored run, Optional<EvaluationStore.Stored> evaluation) {
    FitStore.Description fit = run.description();
    return new FineTuned(
        fit.status(),
        fit.failure(),
        run.artifact().key(),
        evaluation.map(EvaluationStore.Stored::key).orElse(null),
        fit.steps(),
        fit.trainSeconds(),
        fit.examplesPerSecond(),
        evaluation.map(found -> found.description().metrics()).orElse(Map.of()));
  }
}
