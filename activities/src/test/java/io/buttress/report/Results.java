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
    return TrialResultBuilder.builder()
        .model("file:/models/tiny")
        .task(task)
        .method(method)
        .parameters(new TreeMap<>())
        .regime("full")
        .seed(seed)
        .status(status)
        .failure(failure)
        .steps(10)
        .trainSeconds(1.5)
        .examplesPerSecond(20.0)
        .validation(validation)
        .fingerprint(Json.sha256(List.of(task, method, seed)))
        .build();
  }
}
