package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.result.BestModels;
import io.buttress.result.ResultStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.StoredModels;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialStatus;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Without a tracking server. */
class TrackRunActivityTest {
  @TempDir Path directory;
  private ArtifactStore store;
  private ResultStore results;
  private TestActivityEnvironment environment;
  private TrackRun activity;
  private final MetricRegistry metrics = new MetricRegistry();

  @BeforeEach
  void open() throws IOException {
    store =
        new ArtifactStore(
            new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache"));
    results = new ResultStore(store);
    environment = TestActivityEnvironment.newInstance();
    environment.registerActivitiesImplementations(
        new TrackRunActivity(store, Optional.empty(), metrics));
    activity = environment.newActivityStub(TrackRun.class);
  }

  @AfterEach
  void close() {
    environment.close();
  }

  private StudyRun study() {
    return activity.openStudyRun(new Plan("a".repeat(64), "key", "name", 1, List.of()), "workflow");
  }

  @Test
  void resultsAreStoredAndModelsShown() throws IOException {
    Trial trial = FinishedTrial.trial("t");
    StudyRun study = study();
    assertThat(study.runId()).isNull();
    assertThat(study.workflowRunId()).isNotBlank();
    assertThat(activity.openRun(study, trial, "workflow")).isNull();

    String key =
        activity.closeRun(study, trial, null, FinishedTrial.outcome(store, "t", directory));
    activity.closeStudyRun(study, TrialStatus.DONE, key);

    assertThat(metrics.counter("buttress.trials.done").getCount()).isEqualTo(1);
    assertThat(metrics.counter("buttress.trials.error").getCount()).isZero();
    assertThat(store.get(key).files()).containsKey("result.json");
    TrialResult result = results.find(study, trial).orElseThrow();
    assertThat(result.model()).isEqualTo("file:/models/minilm");
    assertThat(result.task()).isEqualTo("cola");
    assertThat(result.method()).isEqualTo("repina-i");
    assertThat(result.parameters()).containsEntry("lambda", 0.01);
    assertThat(result.status()).isEqualTo(TrialStatus.DONE);
    assertThat(result.failure()).isNull();
    assertThat(result.steps()).isEqualTo(FinishedTrial.STEPS);
    assertThat(result.trainSeconds()).isEqualTo(61.5);
    assertThat(result.selection()).isNull();
    assertThat(result.validation()).isEqualTo(Map.of("accuracy", 0.75, "matthews", 0.5));
    assertThat(result.test()).isNull();
    assertThat(result.outOfDistribution()).containsOnlyKeys("news");
    assertThat(result.outOfDistribution().get("news"))
        .containsEntry("accuracy", 0.625)
        .containsEntry("matthews", null);
    assertThat(result.collapse().pretrained()).containsEntry("effective_rank", 99.0);
    assertThat(result.collapse().finetuned())
        .containsEntry("effective_rank", 12.5)
        .containsEntry("nc1", null);
    assertThat(result.mlflowRunId()).isNull();
    assertThat(result.fingerprint()).isEqualTo(trial.fingerprint());
    Path model = Path.of(URI.create(result.modelUri()));
    assertThat(model.resolve("config.json")).content().contains("bert");
    assertThat(model.resolve("model.safetensors")).hasContent("weights of t");
  }

  @Test
  void onlyTheBestKeepsItsModel() throws IOException {
    BestModels best = new BestModels(store.objects());
    StudyRun study = study();
    List<Double> scores = List.of(0.5, 0.25, 0.75);
    List<String> modelsAfter = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      Trial trial = FinishedTrial.trial("t" + i, true);
      activity.closeRun(
          study,
          trial,
          null,
          FinishedTrial.outcome(store, trial, "t" + i, scores.get(i), directory));
      assertThat(results.find(study, trial).orElseThrow().modelUri()).isNull();
      modelsAfter.add(
          store.objects().list("models/").stream()
              .filter(key -> key.endsWith("/model.safetensors"))
              .collect(Collectors.joining()));
    }

    assertThat(modelsAfter.get(0)).contains(FinishedTrial.trial("t0").fingerprint());
    assertThat(modelsAfter.get(1)).isEqualTo(modelsAfter.get(0));
    assertThat(modelsAfter.get(2))
        .contains(FinishedTrial.trial("t2").fingerprint())
        .doesNotContain(FinishedTrial.trial("t0").fingerprint());
    assertThat(best.uri(study, FinishedTrial.trial("t0", true))).isEmpty();
    URI uri = URI.create(best.uri(study, FinishedTrial.trial("t2", true)).orElseThrow());
    assertThat(Path.of(uri).resolve("model.safetensors")).hasContent("weights of t2");
    assertThat(Path.of(uri).resolve("config.json")).content().contains("bert");
  }

  @Test
  void aTrialThatWasCancelledAfterItsTrainingDoesNotCompete() throws IOException {
    Trial trial = FinishedTrial.trial("t", true);
    StudyRun study = study();
    FineTuned trained = FinishedTrial.outcome(store, trial, "t", 0.5, directory).fineTuned();
    activity.closeRun(study, trial, null, new Outcome(TrialStatus.CANCELLED, null, trained, null));
    assertThat(store.objects().list("best/")).isEmpty();
    assertThat(
            new StoredModels(store.objects())
                .has(StoredModels.trained(trial.fingerprint(), trained.fitKey())))
        .as("for the study that repeats it")
        .isTrue();
  }

  @Test
  void whatDidNotHappenIsNull() throws IOException {
    Trial trial = FinishedTrial.trial("t");
    StudyRun study = study();
    activity.closeRun(
        study, trial, null, new Outcome(TrialStatus.ERROR, "out of memory", null, null));
    TrialResult result = results.find(study, trial).orElseThrow();
    assertThat(result.status()).isEqualTo(TrialStatus.ERROR);
    assertThat(result.failure()).isEqualTo("out of memory");
    assertThat(result.steps()).isNull();
    assertThat(result.trainSeconds()).isNull();
    assertThat(result.validation()).isNull();
    assertThat(result.outOfDistribution()).isNull();
    assertThat(result.collapse()).isNull();
    assertThat(result.modelUri()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void anEndedTrialLeavesNoCheckpointsUnlessItMayGoOn(TrialStatus status) throws IOException {
    Trial trial = FinishedTrial.trial("t");
    Path file = Files.writeString(directory.resolve("checkpoint"), "{}");
    String checkpoint = "checkpoints/" + trial.fingerprint() + "/lost-1/5.json";
    store.objects().putIfAbsent(checkpoint, file);
    store.objects().putIfAbsent("checkpoints/other/run-1/5.json", file);

    activity.closeRun(study(), trial, null, new Outcome(status, null, null, null));
    assertThat(store.objects().exists(checkpoint)).isEqualTo(status == TrialStatus.ERROR);
    assertThat(store.objects().exists("checkpoints/other/run-1/5.json")).isTrue();
  }

  @Test
  void nonFiniteNumbersOfDivergedTrialsAreNull() throws IOException {
    Trial trial = FinishedTrial.trial("t");
    FineTuned whole = FinishedTrial.outcome(store, "t", directory).fineTuned();
    FineTuned diverged =
        new FineTuned(
            TrialStatus.DIVERGED,
            "the loss is NaN",
            whole.fitKey(),
            null,
            3,
            1,
            Double.POSITIVE_INFINITY,
            Map.of());
    StudyRun study = study();
    activity.closeRun(
        study, trial, null, new Outcome(TrialStatus.DIVERGED, "the loss is NaN", diverged, null));
    TrialResult result = results.find(study, trial).orElseThrow();
    assertThat(result.status()).isEqualTo(TrialStatus.DIVERGED);
    assertThat(result.steps()).isEqualTo(3);
    assertThat(result.examplesPerSecond()).isNull();
    assertThat(result.validation()).isNull();
  }
}
