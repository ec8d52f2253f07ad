package io.buttress.report;

import io.buttress.study.Json;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Trial results for tests, told apart by what a test is about. */
final class Results {
  private Results() {}

  static TrialResult done(String task, String method, long seed, Map<String, Double> validation) {
    return of(task, method, seed, TrialStatus.DONE, null, validation);
  }

  static TrialResult ended(String task, String method, long seed, TrialStatus status) {
    return of(task, method, seed, status, "why it ended", null);
  }

  /** The same result in a study that selects. */
  static TrialResult selected(TrialResult result, boolean selected) {
    return TrialResultBuilder.from(result).selected(selected).build();
  }

  static TrialResult of(
      String task,
      String method,
      long seed,
      TrialStatus status,
      String failure,
      Map<String, Double> validation) {
    return new TrialResult(
        "file:/models/tiny",
        task,
        method,
        new TreeMap<>(),
        "full",
        seed,
        status,
        failure,
        10,
        1.5,
        20.0,
        null,
        validation,
        null,
        null,
        null,
        null,
        null,
        null,
        Json.sha256(List.of(task, method, seed)),
        null);
  }
}
