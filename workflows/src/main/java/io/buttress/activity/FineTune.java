package io.buttress.activity;

import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.Map;

/** Fine-tunes one trial, then evaluates it. */
@ActivityInterface
public interface FineTune {

  /**
   * Trains, stores the model (when kept) and the metric history; evaluates, stores predictions.
   *
   * @param runId on the tracking server, where metrics are shown during training; or null
   */
  @ActivityMethod
  FineTuned fineTune(Trial trial, String runId);

  /**
   * What came of a trial.
   *
   * @param status {@code done} or {@code diverged}
   * @param failure one line for {@code diverged}, else null
   * @param fitKey artifact with {@code history.csv} and, when kept, the model folder's files
   * @param evaluationKey artifact with predictions and {@code representations.safetensors}; null
   *     for {@code diverged}
   * @param metrics split (as in {@code ResolvedTask.splits}) to metric to value; empty for {@code
   *     diverged}
   */
  record FineTuned(
      TrialStatus status,
      String failure,
      String fitKey,
      String evaluationKey,
      int steps,
      double trainSeconds,
      double examplesPerSecond,
      Map<String, Map<String, Double>> metrics) {
    /** Among {@code metrics}: on the examples set apart from the training set. */
    public static final String SELECTION = "selection";

    /** Among {@code metrics}: on the training examples with a wrong label. */
    public static final String FLIPPED = "flipped";
  }

  /**
   * Heartbeat details: where training is.
   *
   * @param checkpoint the newest one's manifest in the object store; null before the first
   */
  record Position(int step, int steps, Double loss, String checkpoint) {}
}
