package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.activity.PlanStudy;
import io.buttress.activity.Report;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.model.Split;
import io.buttress.result.BestModels;
import io.buttress.result.ResultStore;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.StoredModels;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.Studies;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import io.buttress.study.Trials;
import io.temporal.testing.TestActivityEnvironment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportActivityTest {
  private static final StudyRun FIRST = new StudyRun("toy", SampleStudy.KEY, null, "run-1");
  private static final StudyRun SECOND = new StudyRun("toy", SampleStudy.KEY, null, "run-2");

  private static final Links LINKS =
      Links.of(
          URI.create("https://me:secret@mlflow.example/base/?token=secret"),
          URI.create("http://me:secret@temporal.example:8233/"),
          "my space");

  @TempDir Path folder;
  private final TestActivityEnvironment temporal = TestActivityEnvironment.newInstance();
  private final DatasetRequest dataset = Trials.dataset(Studies.task("toy"));
  private final Map<String, List<Trial>> planned = new HashMap<>();
  private ArtifactStore store;
  private ResultStore results;

  @BeforeEach
  void prepare() throws Exception {
    store =
        new ArtifactStore(
            new DirectoryObjectStore(folder.resolve("store")), folder.resolve("cache"));
    results = new ResultStore(store);
    Split split = new Split(new int[4][1], new int[4][1], new float[] {0, 0, 0, 1});
    new DatasetStore(store)
        .put(
            dataset,
            new TokenizedDataset(
                TaskKind.CLASSIFICATION,
                List.of("a", "b"),
                Map.of("train", split, "validation", split)));
    temporal.registerActivitiesImplementations(
        new ReportActivity(store, new DatasetStore(store), new StoredPlan(planned), LINKS));
  }

  @AfterEach
  void close() {
    temporal.close();
  }

  @Test
  void reportsStoredResultsAndCallsTheOthersCancelled() throws Exception {
    List<Trial> trials = List.of(trial(1, 2e-5), trial(2, 2e-5), trial(3, 2e-5));
    results.put(FIRST, trials.get(0), result(trials.get(0), TrialStatus.DONE, 1.0), null);
    results.put(FIRST, trials.get(1), result(trials.get(1), TrialStatus.ERROR, null), null);

    Artifact report = store.get(report(trials, FIRST));

    assertThat(report.files().keySet())
        .containsExactly("report.html", "report.json", "report.md", "tables.tex", "trials.csv");
    JsonNode json = json(report);
    assertThat(json.at("/trials").findValuesAsText("status"))
        .containsExactly("done", "error", "cancelled");
    // Three of four validation examples have the same label.
    assertThat(json.at("/tables/comparisons/0/baseline").asDouble()).isEqualTo(0.75);
    assertThat(json.at("/tables/comparisons/0/methods/0/mean").asDouble()).isEqualTo(1);
    assertThat(json.at("/tables/comparisons/0/methods/0/unfinished").asInt()).isEqualTo(2);
  }

  @Test
  void removesWhatKilledAttemptsLeftOfTrialsWithAResult() throws Exception {
    List<Trial> trials = List.of(trial(1, 2e-5), trial(2, 2e-5));
    results.put(FIRST, trials.get(0), result(trials.get(0), TrialStatus.DONE, 1.0), null);
    Path left = Files.writeString(folder.resolve("left"), "{}");
    for (Trial trial : trials) {
      store.objects().putIfAbsent("checkpoints/" + trial.fingerprint() + "/run-1/3.json", left);
    }
    report(trials, FIRST);
    assertThat(store.objects().list("checkpoints/"))
        .containsExactly("checkpoints/" + trials.get(1).fingerprint() + "/run-1/3.json");
  }

  @Test
  void showsTheModelOfTheBestAndOfNoOther() throws Exception {
    List<Trial> trials = List.of(competing(1), competing(2));
    StoredModels models = new StoredModels(store.objects());
    Path weights = Files.writeString(folder.resolve("weights"), "w");
    for (Trial trial : trials) {
      results.put(FIRST, trial, result(trial, TrialStatus.DONE, trial.seed() / 4.0), null);
      String fit = Json.sha256("fit of " + trial.seed());
      models.put(
          StoredModels.trained(trial.fingerprint(), fit), Map.of("model.safetensors", weights));
      new BestModels(store.objects())
          .enter(
              FIRST,
              trial,
              Map.of("validation", Map.of("accuracy", trial.seed() / 4.0)),
              fit,
              Map.of(),
              Optional.empty());
    }

    JsonNode json = json(store.get(report(trials, FIRST)));
    assertThat(json.at("/trials/0/modelUri").isNull()).isTrue();
    Path model = Path.of(URI.create(json.at("/trials/1/modelUri").asText()));
    assertThat(model.resolve("model.safetensors")).hasContent("w");

    Files.delete(model.resolve("model.safetensors"));
    assertThat(json(store.get(report(trials, FIRST))).at("/trials/1/modelUri").isNull())
        .as("it is not there")
        .isTrue();
  }

  @Test
  void aRepeatedStudyWithMoreResultsHasAnotherReport() throws Exception {
    List<Trial> trials = List.of(trial(1, 2e-5));
    results.put(FIRST, trials.get(0), result(trials.get(0), TrialStatus.ERROR, null), null);
    String first = report(trials, FIRST);
    results.put(SECOND, trials.get(0), result(trials.get(0), TrialStatus.DONE, 1.0), null);
    String second = report(trials, SECOND);

    assertThat(second).isNotEqualTo(first).isEqualTo(report(trials, SECOND));
    assertThat(json(store.get(second)).at("/trials/0/status").asText()).isEqualTo("done");
  }

  @Test
  void trialsOfATrainingGridAreToldApart() throws Exception {
    List<Trial> trials = List.of(trial(1, 2e-5), trial(1, 5e-5));
    for (Trial trial : trials) {
      double accuracy = trial.training().learningRate() * 1e4;
      results.put(FIRST, trial, result(trial, TrialStatus.DONE, accuracy), null);
    }

    JsonNode json = json(store.get(report(trials, FIRST)));

    assertThat(json.at("/trials/1/parameters").toString())
        .isEqualTo("{\"training.learningRate\":5.0E-5}");
    assertThat(json.at("/tables/comparisons/0/methods")).hasSize(2);
  }

  @Test
  void intervalsComeFromThePredictionsBesideTheResults() throws Exception {
    List<Trial> trials = List.of(trial(1, 2e-5), trial(1, 5e-5));
    Trial stl = trials.get(0);
    Trial other = trials.get(1);
    TrialResult result = result(other, TrialStatus.DONE, 0.5);
    Method method = new Method("wc", new TreeMap<>(Map.of("lambda", 0.1)));
    Trial wc =
        Trials.trial()
            .fingerprint(other.fingerprint())
            .dataset(dataset)
            .method(method)
            .training(stl.training())
            .build();
    TrialResult ofWc = Trials.result(wc).validation(result.validation()).build();
    results.put(FIRST, stl, result(stl, TrialStatus.DONE, 1.0), evaluation("stl", 0, 1, 0, 1));
    results.put(FIRST, wc, ofWc, evaluation("wc", 0, 0, 0, 0));

    JsonNode row =
        json(store.get(report(List.of(stl, wc), FIRST))).at("/tables/comparisons/0/methods/1");

    assertThat(row.get("difference").asDouble()).isEqualTo(-0.5);
    assertThat(row.at("/interval/low").asDouble()).isEqualTo(-1);
    assertThat(row.at("/interval/high").asDouble()).isEqualTo(0);
    assertThat(row.at("/interval/seeds").asInt()).isEqualTo(1);
    assertThat(row.at("/interval/descriptiveOnly").asBoolean()).isTrue();
  }

  /** Of four examples, of which every other one has the second label. */
  private Artifact evaluation(String name, int... predictions) throws Exception {
    StringBuilder csv = new StringBuilder("index,target,prediction,logit_0,logit_1\r\n");
    for (int i = 0; i < predictions.length; i++) {
      csv.append(i + "," + i % 2 + "," + predictions[i] + ",0.5,1.5\r\n");
    }
    Path file = Files.writeString(folder.resolve(name + ".csv"), csv);
    return store.put(Json.sha256(name), Map.of("predictions-validation.csv", file));
  }

  @Test
  void everyRunHasItsLinksWithoutSecrets() throws Exception {
    Trial tracked = trial(1, 2e-5);
    Trial untracked = trial(2, 2e-5);
    TrialResult r = result(tracked, TrialStatus.DONE, 1.0);
    TrialResult withRun = TrialResultBuilder.from(r).mlflowRunId("run-7").build();
    results.put(FIRST, tracked, withRun, null);
    results.put(FIRST, untracked, result(untracked, TrialStatus.DONE, 0.5), null);

    String html =
        Files.readString(
            store.file(store.get(report(List.of(tracked, untracked), FIRST)), "report.html"));

    // Beside the mean and in the list of trials.
    assertThat(html.split("href=\"https://mlflow.example/base/#/runs/run-7\"")).hasSize(3);
    for (Trial trial : List.of(tracked, untracked)) {
      String workflow =
          "http://temporal.example:8233/namespaces/my%20space/workflows/"
              + "[^\"/]+%2F"
              + trial.fingerprint().substring(0, 16);
      assertThat(html.split("href=\"" + workflow + "\"")).hasSize(3);
    }
    assertThat(html).doesNotContain("secret", "token=");
  }

  @Test
  void refitsFollowTheSearchAndAloneAreReported() throws Exception {
    List<Trial> search = List.of(trial(1, 2e-5, 0.1), trial(1, 5e-5, 0.1));
    Trial refit = trial(1, 5e-5);
    results.put(FIRST, search.get(0), result(search.get(0), TrialStatus.DONE, 0.9), null);
    results.put(FIRST, search.get(1), result(search.get(1), TrialStatus.DONE, 0.8), null);
    results.put(FIRST, refit, result(refit, TrialStatus.DONE, 1.0), null);
    Report reports = temporal.newActivityStub(Report.class);

    Artifact refitted =
        store.get(reports.report(plan("a", search), FIRST, plan("b", List.of(refit))));
    JsonNode json = json(refitted);
    assertThat(json.at("/trials").findValuesAsText("selected"))
        .containsExactly("false", "false", "true");
    assertThat(json.at("/trials/2/parameters").toString())
        .isEqualTo("{\"training.learningRate\":5.0E-5}");
    assertThat(json.at("/tables/comparisons/0/methods")).hasSize(1);
    assertThat(json.at("/tables/comparisons/0/methods/0/mean").asDouble()).isEqualTo(1);
    assertThat(Files.readAllLines(store.file(refitted, "trials.csv")))
        .hasSize(4)
        .first()
        .asString()
        .contains(",selected,");

    json =
        json(store.get(reports.report(plan("a", search), FIRST, plan("c", search.subList(1, 2)))));
    assertThat(json.at("/trials").findValuesAsText("selected")).containsExactly("false", "true");
    assertThat(json.at("/tables/comparisons/0/methods/0/mean").asDouble()).isEqualTo(0.8);
  }

  @Test
  void resultsThatStandOutliveTheRunThatMadeThem() throws Exception {
    Trial trial = trial(1, 2e-5);
    assertThat(results.find(FIRST, trial)).isEmpty();
    TrialResult failed = result(trial, TrialStatus.ERROR, null);
    results.put(FIRST, trial, failed, null);
    assertThat(results.find(FIRST, trial)).contains(failed);
    assertThat(results.find(SECOND, trial)).isEmpty();

    TrialResult done = result(trial, TrialStatus.DONE, 0.875);
    String key = results.put(SECOND, trial, done, null);

    assertThat(results.find(FIRST, trial)).contains(done);
    assertThat(results.put(FIRST, trial, result(trial, TrialStatus.DONE, 0.25), null))
        .isEqualTo(key);
    assertThat(results.find(FIRST, trial)).contains(done);
    StudyRun other = new StudyRun("toy", Json.sha256("other"), null, "run-1");
    assertThat(results.find(other, trial)).isEmpty();
    StudyRun tracked = new StudyRun("toy", FIRST.studyKey(), "mlflow-run", "run-1");
    assertThat(results.find(tracked, trial)).as("a result names its own MLflow run").isEmpty();
  }

  private String report(List<Trial> trials, StudyRun study) {
    return temporal.newActivityStub(Report.class).report(plan("plan", trials), study, null);
  }

  private PlanStudy.Plan plan(String key, List<Trial> trials) {
    planned.put(key, trials);
    return new PlanStudy.Plan(SampleStudy.KEY, key, "toy", trials.size(), List.of(dataset));
  }

  private JsonNode json(Artifact report) throws Exception {
    return Json.MAPPER.readTree(store.file(report, "report.json").toFile());
  }

  private record StoredPlan(Map<String, List<Trial>> plans) implements PlanStudy {
    @Override
    public Plan planStudy(StudySpec spec) {
      throw new AssertionError("a report plans nothing");
    }

    @Override
    public List<Trial> planPage(String planKey, int from, int size) {
      List<Trial> trials = plans.get(planKey);
      return trials.subList(from, Math.min(trials.size(), from + size));
    }
  }

  private Trial trial(long seed, double learningRate) {
    return trial(seed, learningRate, null);
  }

  private Trial competing(long seed) {
    return trial(seed, 2e-5, null, true);
  }

  private Trial trial(long seed, double learningRate, Double selection) {
    return trial(seed, learningRate, selection, false);
  }

  private Trial trial(long seed, double learningRate, Double selection, boolean competes) {
    Training training = TrainingBuilder.from(Training.DEFAULT).learningRate(learningRate).build();
    return Trials.of(
        Trials.trial()
            .dataset(dataset)
            .seed(seed)
            .training(training)
            .selection(selection)
            .keepModel(competes)
            .onlyBest(competes));
  }

  private static TrialResult result(Trial trial, TrialStatus status, Double accuracy) {
    return Trials.result(trial)
        .status(status)
        .failure(status == TrialStatus.DONE ? null : "why it ended")
        .validation(accuracy == null ? null : Map.of("accuracy", accuracy))
        .build();
  }
}
