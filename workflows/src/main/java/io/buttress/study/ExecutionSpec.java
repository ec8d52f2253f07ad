package io.buttress.study;

/**
 * How a study is run; changes no number of its result.
 *
 * @param maxParallelTrials trials in flight at once
 * @param checkpointSeconds between two checkpoints of a trial, at least
 * @param keepModels {@code all}, {@code best} or {@code none}; null: {@code all} up to 100 trials,
 *     {@code best} above
 */
public record ExecutionSpec(int maxParallelTrials, int checkpointSeconds, String keepModels) {
  /** What {@code maxParallelTrials} may be. */
  public static final Range PARALLEL_TRIALS = Range.closed(1, 500);

  public static final ExecutionSpec DEFAULT = new ExecutionSpec(4, 60, null);
}
