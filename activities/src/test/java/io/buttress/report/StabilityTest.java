package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StabilityTest {
  private static final List<ReportedTask> TASKS =
      List.of(
          new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 100),
          new ReportedTask("b", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 100));

  @Test
  void addsUpFailuresOverTasks() {
    Stability.Row stl =
        of(
                false,
                run("a", "stl", TrialStatus.DONE, 10.0, 0.7),
                run("a", "stl", TrialStatus.DONE, 10.0, 0.5),
                run("b", "stl", TrialStatus.DIVERGED, 10.0, null),
                run("b", "stl", TrialStatus.ERROR, null, null))
            .get(0);

    assertThat(stl.runs()).isEqualTo(3);
    assertThat(stl.degenerate()).isEqualTo(1);
    assertThat(stl.diverged()).isEqualTo(1);
    assertThat(stl.failedRuns()).isEqualTo(2);
    assertThat(stl.unfinished()).isEqualTo(1);
    assertThat(stl.deviceHours()).as("done and diverged").isCloseTo(30 / 3600.0, within(1e-12));
    assertThat(stl.passes()).isEqualTo(1);
  }

  @Test
  void comparesSecondsWithThoseOfStlOnTheSameTask() {
    List<Stability.Row> rows =
        of(
            false,
            run("a", "stl", TrialStatus.DONE, 10.0, 0.7),
            run("a", "stl", TrialStatus.DONE, 12.0, 0.7),
            run("a", "stl", TrialStatus.DONE, 90.0, 0.7),
            run("a", "stl", TrialStatus.DIVERGED, 1.0, null),
            run("b", "stl", TrialStatus.DONE, 100.0, 0.7),
            run("a", "r3f", TrialStatus.DONE, 24.0, 0.7),
            run("b", "r3f", TrialStatus.DONE, 800.0, 0.7));

    assertThat(rows.get(0).trainSeconds()).isCloseTo(56, within(1e-9));
    assertThat(rows.get(0).relativeSeconds()).isCloseTo(1, within(1e-9));
    // 2 on one task, 8 on the other.
    assertThat(rows.get(1).relativeSeconds()).isCloseTo(4, within(1e-9));
  }

  @Test
  void stlWithTheSameTrainingIsTheReference() {
    TrialResult slow = run("a", "stl", TrialStatus.DONE, 100.0, 0.7);
    slow.parameters().put("training.epochs", 20.0);
    TrialResult fast = run("a", "stl", TrialStatus.DONE, 10.0, 0.7);
    fast.parameters().put("training.epochs", 2.0);
    TrialResult method = run("a", "wc", TrialStatus.DONE, 15.0, 0.7);
    method.parameters().put("training.epochs", 2.0);
    method.parameters().put("lambda", 0.1);

    assertThat(of(false, slow, fast, method).get(2).relativeSeconds()).isCloseTo(1.5, within(1e-9));
    TrialResult alone = run("a", "wc", TrialStatus.DONE, 15.0, 0.7);
    assertThat(of(false, alone).get(0).relativeSeconds()).isNull();
  }

  @Test
  void chosenSettingsOfAMethodAreOneRow() {
    TrialResult weak = run("a", "wc", TrialStatus.DONE, 20.0, 0.7);
    weak.parameters().put("lambda", 0.1);
    TrialResult strong = run("b", "wc", TrialStatus.DONE, 20.0, 0.7);
    strong.parameters().put("lambda", 1.0);

    assertThat(of(false, weak, strong)).hasSize(2);
    assertThat(of(true, weak, strong)).hasSize(1).first().matches(row -> row.runs() == 2);
  }

  private static List<Stability.Row> of(boolean byMethod, TrialResult... trials) {
    return Stability.of(
            TrialAggregation.comparisons(
                List.of(trials), TASKS, byMethod, trial -> Optional.empty()),
            byMethod)
        .get(0)
        .methods();
  }

  private static TrialResult run(
      String task, String method, TrialStatus status, Double seconds, Double accuracy) {
    TrialResult r =
        Results.of(
            task, method, 1, status, null, accuracy == null ? null : Map.of("accuracy", accuracy));
    return TrialResultBuilder.from(r).parameters(new TreeMap<>()).trainSeconds(seconds).build();
  }
}
