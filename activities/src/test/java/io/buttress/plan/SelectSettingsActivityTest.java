package io.buttress.plan;

import static io.buttress.plan.Searches.repina;
import static io.buttress.plan.Searches.trial;
import static io.buttress.study.Trials.stl;
import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.result.ResultStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.study.Json;
import io.buttress.study.Planner;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import io.buttress.study.Trials;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelectSettingsActivityTest {
  private static final StudyRun STUDY = new StudyRun("s", Json.sha256("s"), null, "run");

  @TempDir Path folder;
  private final TestActivityEnvironment temporal = TestActivityEnvironment.newInstance();
  private final List<Trial> trials = new ArrayList<>();
  private PlanStore plans;
  private ResultStore results;

  @BeforeEach
  void prepare() throws IOException {
    ArtifactStore store =
        new ArtifactStore(
            new DirectoryObjectStore(folder.resolve("store")), folder.resolve("cache"));
    plans = new PlanStore(store);
    results = new ResultStore(store);
    temporal.registerActivitiesImplementations(new SelectSettingsActivity(store));
  }

  @AfterEach
  void close() {
    temporal.close();
  }

  private Trial add(Trial trial, TrialStatus status, Map<String, Double> selection)
      throws IOException {
    trials.add(trial);
    results.put(STUDY, trial, result(trial, status, selection), null);
    return trial;
  }

  private Plan select(boolean refit) throws IOException {
    Plan plan = new Plan(STUDY.studyKey(), plans.put(trials), "s", trials.size(), List.of());
    return temporal.newActivityStub(SelectSettings.class).selectSettings(plan, STUDY, refit);
  }

  private List<Trial> planned(Plan plan) throws IOException {
    List<Trial> all = plans.page(plan.planKey(), 0, 1000);
    assertThat(plan.trials()).isEqualTo(all.size());
    return all;
  }

  /** More than one page of a plan, so that all of it is read. */
  @Test
  void choosesByThePrimaryMetricOverAllSeeds() throws IOException {
    List<Trial> best = new ArrayList<>();
    for (long seed = 1; seed <= 60; seed++) {
      // Accuracy speaks for the second, its mean with f1 for the first.
      double noise = seed % 2 == 0 ? 0.1 : -0.1;
      Map<String, Double> first = Map.of("accuracy", 0.6 + noise, "f1", 0.8, "matthews", 0.1);
      best.add(add(trial(repina(0.1, "cls"), seed), TrialStatus.DONE, first));
    }
    for (long seed = 1; seed <= 60; seed++) {
      Map<String, Double> second = Map.of("accuracy", 0.7, "f1", 0.6, "matthews", 0.9);
      add(trial(repina(0.01, "cls"), seed), TrialStatus.DONE, second);
    }

    assertThat(planned(select(false))).isEqualTo(best);
    assertThat(planned(select(true))).isEqualTo(best.stream().map(Planner::refit).toList());
    assertThat(select(true)).isEqualTo(select(true));
  }

  @Test
  void trialsWithoutAResultCountAgainstTheirSetting() throws IOException {
    Map<String, Double> good = Map.of("accuracy", 0.9, "f1", 0.9);
    Map<String, Double> undefined = new TreeMap<>(good);
    undefined.put("f1", null);
    add(trial(repina(0.1, "cls"), 1), TrialStatus.DIVERGED, null);
    add(trial(repina(0.2, "cls"), 1), TrialStatus.ERROR, null);
    add(trial(repina(0.3, "cls"), 1), TrialStatus.DONE, undefined);
    trials.add(trial(repina(0.4, "cls"), 1));
    Trial poor =
        add(trial(repina(0.5, "cls"), 1), TrialStatus.DONE, Map.of("accuracy", 0.1, "f1", 0.0));
    Trial failed = add(trial(stl(), 1), TrialStatus.DIVERGED, null);

    assertThat(planned(select(false))).as("every method has a row").containsExactly(poor, failed);
  }

  private static TrialResult result(
      Trial trial, TrialStatus status, Map<String, Double> selection) {
    return Trials.result(trial).status(status).selection(selection).build();
  }
}
