package io.buttress.study;

import java.util.List;

/**
 * Answer of the {@code progress} query.
 *
 * @param planned trials in all; 0 while planning; refits join them once they are chosen
 * @param done trials ended with a result
 * @param failed trials ended without one
 * @param etaSeconds null while unknown
 */
public record StudyProgress(
    int planned, int done, int failed, List<Running> running, boolean paused, Long etaSeconds) {

  /** A trial in flight and the activity it is in. */
  public record Running(
      String workflowId, String model, String task, String method, long seed, String activity) {}
}
