package io.buttress.workflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Json;
import io.buttress.study.Problem;
import io.temporal.common.converter.RawValue;
import java.io.IOException;
import java.util.List;

/**
 * What one run of a study's workflow leaves to the next.
 *
 * @param run of the study, opened by the first run
 * @param selected the trials to run, those of a choice; null: those of {@code plan}
 * @param next the first of them that is not started yet
 * @param done trials ended with a result, in all runs so far
 * @param failed trials ended without one
 * @param maxParallelTrials as last set
 * @param pausedSince in milliseconds of the epoch; null: not paused
 * @param runningSince what the remaining time is reckoned from
 */
record Continuation(
    Plan plan,
    StudyRun run,
    Plan selected,
    int next,
    int done,
    int failed,
    int maxParallelTrials,
    Long pausedSince,
    Long runningSince) {

  /**
   * Reads a workflow's second argument; null without one.
   *
   * @throws InvalidStudyException when it is anything else
   */
  static Continuation of(RawValue argument) {
    if (argument == null || argument.getPayload().getData().isEmpty()) {
      return null;
    }
    try {
      byte[] json = argument.getPayload().getData().toByteArray();
      Continuation continuation = Json.MAPPER.readValue(json, Continuation.class);
      if (continuation == null || (continuation.plan != null && continuation.run != null)) {
        return continuation;
      }
    } catch (JsonProcessingException e) {
      // Reported below, whatever the argument holds.
    } catch (IOException e) {
      throw new IllegalStateException("bytes are always readable", e);
    }
    throw new InvalidStudyException(
        List.of(
            new Problem(
                "",
                "there is a second argument, which only a study that continues gives itself: leave"
                    + " it out")));
  }
}
