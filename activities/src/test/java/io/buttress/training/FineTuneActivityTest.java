package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.activity.Failures;
import io.buttress.activity.FineTune;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.FineTune.Position;
import io.buttress.activity.MeasureCollapse;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.collapse.MeasureCollapseActivity;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.FewShot;
import io.buttress.dataset.SelectionSplit;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.EngineNumerics;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.SnapshotRepresentationsActivity;
import io.buttress.encoding.SnapshotStore;
import io.buttress.model.Split;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricLog;
import io.buttress.result.MetricPoint;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.storage.StoredModels;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.CollapseSpec;
import io.buttress.study.DataFile;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.Training;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.buttress.training.FineTuneActivity.Attempt;
import io.temporal.client.ActivityCanceledException;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineTuneActivityTest {
  @TempDir Path directory;

  private final TestActivityEnvironment temporal = TestActivityEnvironment.newInstance();
  private ArtifactStore store;
  private DatasetStore datasets;
  private ResolvedModel model;
  private DatasetRequest dataset;

  @BeforeEach
  void prepare() throws IOException {
    store =
        new ArtifactStore(
            new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache"));
    datasets = new DatasetStore(store);
    model = importModel(Golden.FOLDER);
    dataset = importDataset(model, List.of());
    temporal.registerActivitiesImplementations(
        new FineTuneActivity(
            store,
            datasets,
            MetricLog.NONE,
            new HandOver(),
            new TrainingMetrics(new MetricRegistry())),
        new SnapshotRepresentationsActivity(store, datasets, new HandOver()));
  }

  @AfterEach
  void stop() {
    temporal.close();
  }

  @Test
  void storesAModelPredictionsAndRepresentations() throws IOException {
    List<Position> positions = new ArrayList<>();
    temporal.setActivityHeartbeatListener(Position.class, positions::add);
    Trial trial = trial(repina(0.1), 1, true);

    FineTuned result = fineTune(trial);

    assertThat(result.status()).isEqualTo(TrialStatus.DONE);
    assertThat(result.steps()).isEqualTo(5);
    assertThat(result.metrics()).containsOnlyKeys("validation", "ood:other");
    assertThat(result.metrics().get("validation")).containsKey("accuracy");
    assertThat(positions).isNotEmpty();

    Artifact fit = store.get(result.fitKey());
    assertThat(fit.files()).containsKeys("model/config.json", "model/model.safetensors");
    List<MetricPoint> history = MetricHistory.read(store.file(fit, "history.csv"));
    assertThat(history.stream().map(MetricPoint::metric))
        .containsOnly(
            "loss",
            "task_loss",
            "regularizer",
            "regularizer_relative",
            "learning_rate",
            "gradient_norm",
            "examples_per_second");

    Artifact evaluation = store.get(result.evaluationKey());
    Map<String, Tensor> representations =
        Safetensors.read(store.file(evaluation, Artifacts.REPRESENTATIONS));
    assertThat(representations).containsOnlyKeys("layer.-1");
    assertThat(representations.get("layer.-1").shape()).containsExactly(23, 16);
    assertThat(Files.readAllLines(store.file(evaluation, "predictions-ood-other.csv")))
        .hasSize(24)
        .startsWith("index,target,prediction,logit_0,logit_1");
  }

  @Test
  void aSetWithLabelsOfItsOwnIsEvaluatedByThem() throws IOException {
    // The sets have equal examples: with the labels' order turned, what was right is wrong.
    List<CoarseLabel> turned =
        List.of(new CoarseLabel("right", List.of("yes")), new CoarseLabel("wrong", List.of("no")));
    dataset =
        importDataset(
            model, List.of(new OutOfDistribution("file:o", "other", null, null, turned, null)));

    FineTuned result = fineTune(trial(repina(0.1), 1, false));

    double validation = result.metrics().get("validation").get("accuracy");
    assertThat(validation).isStrictlyBetween(0.0, 1.0);
    assertThat(result.metrics().get("ood:other").get("accuracy"))
        .isCloseTo(1 - validation, within(1e-12));
  }

  @Test
  void aTrialWithSelectionLearnsFromTheRestAndIsEvaluatedOnWhatIsSetApart() throws IOException {
    Trial all = trial(repina(0.1), 1, false);
    Trial search = selecting(all, 0.25, null);

    FineTuned result = fineTune(search);

    Split train = Golden.split("two");
    SelectionSplit split =
        SelectionSplit.of(train.targets(), TaskKind.CLASSIFICATION, 0.25, search.seed());
    assertThat(result.steps()).as("17 examples in batches of 5").isEqualTo(4);
    assertThat(result.metrics()).containsOnlyKeys("validation", "ood:other", "selection");
    Artifact evaluation = store.get(result.evaluationKey());
    List<String> predictions =
        Files.readAllLines(store.file(evaluation, "predictions-selection.csv"));
    assertThat(predictions.stream().skip(1).map(line -> Integer.valueOf(line.split(",")[0])))
        .containsExactly(Arrays.stream(split.heldOut()).boxed().toArray(Integer[]::new));
    assertThat(predictions.stream().skip(1).map(line -> Float.valueOf(line.split(",")[1])))
        .allSatisfy(target -> assertThat(target).isIn(0f, 1f));
    // All splits of this dataset have the same examples: rows agree in what the model says.
    List<String> validation =
        Files.readAllLines(store.file(evaluation, "predictions-validation.csv"));
    for (String line : predictions.subList(1, predictions.size())) {
      String same = validation.get(1 + Integer.parseInt(line.split(",")[0]));
      assertThat(line.split(",")[1]).isEqualTo(same.split(",")[1]);
      assertThat(Double.parseDouble(line.split(",")[3]))
          .isCloseTo(Double.parseDouble(same.split(",")[3]), within(1e-5));
    }
    assertThat(regularizerAtFirstStep(result))
        .as("compares rows of the same examples")
        .isCloseTo(0, within(1e-8));
    assertThat(fineTune(all).metrics()).doesNotContainKey("selection");
  }

  @Test
  void aFewShotTrialLearnsFromItsSubsetAlone() throws IOException {
    Trial trial = selecting(under(Regime.fewShot(11), trial(repina(0.1), 1, false)), 0.25, null);
    Split train = Golden.split("two");
    int[] rows = FewShot.rows(train.targets(), TaskKind.CLASSIFICATION, 11, trial.seed());

    FineTuned result = fineTune(trial);
    assertThat(result.steps()).as("8 of 11 examples in batches of 5").isEqualTo(2);
    assertThat(regularizerAtFirstStep(result))
        .as("compares rows of the same examples")
        .isCloseTo(0, within(1e-8));

    TrainingSet set = TrainingSet.of(trial, datasets.load(trial.dataset()));
    assertThat(set.learned().size() + set.heldOut().size())
        .as("the selection split is part of the few")
        .isEqualTo(11);
    assertThat(rows).contains(set.learnedRows()).contains(set.heldOutRows());
    assertThat(set.learned().targets()).isEqualTo(train.rows(set.learnedRows()).targets());
  }

  @Test
  void aTrialWithLabelNoiseTellsWhatItMadeOfTheWrongLabels() throws IOException {
    Trial trial = under(Regime.labelNoise(0.3), trial(stl(), 1, false));
    FineTuned result = fineTune(trial);

    List<String> noise =
        Files.readAllLines(store.file(store.get(result.fitKey()), "label-noise.csv"));
    assertThat(noise).hasSize(1 + 7).startsWith("row,label,given");
    float[] truth = Golden.split("two").targets();
    List<String> labels = List.of("no", "yes");
    assertThat(noise.subList(1, 8))
        .allSatisfy(
            line -> {
              String[] fields = line.split(",");
              String right = labels.get((int) truth[Integer.parseInt(fields[0])]);
              assertThat(fields[1]).isEqualTo(right);
              assertThat(fields[2]).isIn(labels).isNotEqualTo(right);
            });
    assertThat(result.metrics().get("flipped")).containsOnlyKeys("memorized", "recovered");
    assertThat(
            result.metrics().get("flipped").get("memorized")
                + result.metrics().get("flipped").get("recovered"))
        .as("of two labels one is right")
        .isEqualTo(1);
  }

  @Test
  void moreExamplesThanThereAreAreTheStudysFault() {
    assertThatThrownBy(() -> fineTune(under(Regime.fewShot(24), trial(stl(), 1, false))))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure ->
                assertThat(failure.getOriginalMessage())
                    .isEqualTo("file:train: has 23 examples, too few for few-shot-24"));
  }

  private static Trial under(Regime regime, Trial trial) {
    return new Trial(
        Json.sha256(List.of(trial.fingerprint(), regime)),
        trial.dataset(),
        trial.method(),
        regime,
        trial.seed(),
        trial.training(),
        trial.selection(),
        trial.collapse(),
        trial.keepModel(),
        false,
        false,
        60,
        List.of());
  }

  @Test
  void stopsEarlyOnWhatIsSetApart() throws IOException {
    FineTuned result = fineTune(selecting(trial(stl(), 1, true), 0.25, 1));

    Artifact fit = store.get(result.fitKey());
    List<MetricPoint> history = MetricHistory.read(store.file(fit, "history.csv"));
    List<MetricPoint> scores =
        history.stream().filter(point -> point.metric().equals("selection_accuracy")).toList();
    double best = scores.stream().mapToDouble(MetricPoint::value).max().orElseThrow();
    assertThat(result.metrics().get("selection").get("accuracy")).isEqualTo(best);
    assertThat(result.steps()).isEqualTo(scores.get(scores.size() - 1).step() + 1).isLessThan(80);
    JsonNode description = Json.MAPPER.readTree(store.file(fit, "fit.json").toFile());
    assertThat(description.get("bestStep").asInt()).isEqualTo(result.steps() - 4);
  }

  @Test
  void tooFewExamplesToPartAreTheDatasFault() throws IOException {
    dataset = new DatasetRequest(dataset.model(), dataset.task(), 23);
    Trial trial = selecting(trial(stl(), 1, false), 0.5, null);
    datasets.put(
        trial.dataset(),
        new TokenizedDataset(
            TaskKind.CLASSIFICATION,
            List.of("no", "yes"),
            new TreeMap<>(
                Map.of(
                    "train",
                    Golden.split("two").rows(0),
                    "validation",
                    Golden.split("two").rows(1, 2)))));
    assertThatThrownBy(() -> fineTune(trial))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(Failures.INVALID_DATA);
              assertThat(failure.getOriginalMessage())
                  .isEqualTo(
                      "file:train: has too few examples to set a part of them apart for selection");
            });
  }

  /** R of the first step: nothing is trained yet, and dropout is off. */
  private double regularizerAtFirstStep(FineTuned result) throws IOException {
    return MetricHistory.read(store.file(store.get(result.fitKey()), "history.csv")).stream()
        .filter(point -> point.metric().equals("regularizer") && point.step() == 0)
        .findFirst()
        .orElseThrow()
        .value();
  }

  @Test
  void findsWhatAnotherRunStored() throws IOException {
    Trial trial = trial(stl(), 1, false);
    FineTuned first = fineTune(trial);
    List<String> before = store.objects().list("refs/");

    assertThat(fineTune(trial)).isEqualTo(first);
    assertThat(store.objects().list("refs/")).isEqualTo(before);
    assertThat(store.get(first.fitKey()).files()).doesNotContainKey("model/config.json");
  }

  @Test
  void evaluatesAKeptModelAgainToTheSameBytes() throws IOException {
    Trial trial = trial(stl(), 1, true);
    FineTuned first = fineTune(trial);
    Artifact original = store.get(first.evaluationKey());
    store.objects().delete("refs/" + first.evaluationKey());

    FineTuned second = fineTune(trial);

    assertThat(second).isEqualTo(first);
    assertThat(store.get(second.evaluationKey())).isEqualTo(original);
  }

  @Test
  void aSnapshotThatIsLostIsMadeAnew() throws IOException {
    Trial trial = trial(repina(0.1), 1, false);
    FineTuned first = fineTune(trial);
    List<String> stored = store.objects().list("");
    SnapshotStore snapshots = new SnapshotStore(store, datasets);
    for (SnapshotRequest request : trial.snapshots()) {
      String blob =
          snapshots.find(request).orElseThrow().files().get(Artifacts.REPRESENTATIONS).sha256();
      store.objects().delete("blobs/" + blob);
    }
    store.objects().delete("refs/" + first.fitKey());
    store.objects().delete("refs/" + first.evaluationKey());

    ArtifactStore elsewhere = new ArtifactStore(store.objects(), directory.resolve("elsewhere"));
    FineTuned second =
        new FineTuneActivity(
                elsewhere,
                new DatasetStore(elsewhere),
                MetricLog.NONE,
                new HandOver(),
                new TrainingMetrics(new MetricRegistry()))
            .fineTune(
                trial, new Attempt("second", (step, steps, loss) -> {}, (key, numbers) -> {}));

    assertThat(second.metrics()).isEqualTo(first.metrics());
    assertThat(store.objects().list("refs/"))
        .isEqualTo(stored.stream().filter(key -> key.startsWith("refs/")).toList());
  }

  @Test
  void aFitWhoseModelIsLostIsTrainedAnewToTheSameBytes() throws IOException {
    Trial trial = trial(stl(), 1, true);
    FineTuned first = fineTune(trial);
    String model = store.get(first.fitKey()).files().get("model/model.safetensors").sha256();
    store.objects().delete("blobs/" + model);

    ArtifactStore elsewhere = new ArtifactStore(store.objects(), directory.resolve("elsewhere"));
    FineTuned second =
        new FineTuneActivity(
                elsewhere,
                new DatasetStore(elsewhere),
                MetricLog.NONE,
                new HandOver(),
                new TrainingMetrics(new MetricRegistry()))
            .fineTune(
                trial, new Attempt("second", (step, steps, loss) -> {}, (key, numbers) -> {}));

    assertThat(second.fitKey()).isEqualTo(first.fitKey());
    assertThat(store.objects().exists("blobs/" + model)).isTrue();
  }

  @Test
  void collapseIsMeasuredWhenTheSnapshotIsLost() throws IOException {
    Trial trial = trial(repina(0.1), 1, false);
    FineTuned result = fineTune(trial);
    SnapshotStore snapshots = new SnapshotStore(store, datasets);
    for (SnapshotRequest request : trial.snapshots()) {
      store.objects().delete("refs/" + snapshots.key(request));
    }
    temporal.registerActivitiesImplementations(
        new MeasureCollapseActivity(store, datasets, snapshots));
    assertThat(
            temporal
                .newActivityStub(MeasureCollapse.class)
                .measureCollapse(trial, result.evaluationKey())
                .pretrained()
                .get("cka_pretrained"))
        .isCloseTo(1, within(1e-9));
  }

  @Test
  void probesAskedForLaterAreRunOnTheKeptModelWithoutTraining() throws IOException {
    Trial trial = trial(repina(0.1), 1, true);
    FineTuned first = fineTune(trial);
    Trial probing = probing(trial);
    List<Integer> steps = new ArrayList<>();

    FineTuned second =
        new FineTuneActivity(
                store,
                datasets,
                MetricLog.NONE,
                new HandOver(),
                new TrainingMetrics(new MetricRegistry()))
            .fineTune(
                probing,
                new Attempt(
                    "second",
                    (step, planned, loss) -> {
                      if (loss != null) {
                        steps.add(step);
                      }
                    },
                    (key, numbers) -> {}));

    assertThat(second).isEqualTo(first);
    assertThat(steps).as("of training").isEmpty();
    assertThat(probed(probing, trial.fingerprint())).isPresent();
  }

  @Test
  void aProbeIsTheSameWithAndWithoutAKeptModelAndStoresMetricsOnly() throws IOException {
    Trial kept = probing(trial(stl(), 1, true));
    fineTune(kept);
    Trial other = probing(as(Json.sha256("other"), 60, trial(stl(), 1, false)));
    fineTune(other);

    Map<String, Double> metrics = probed(kept, kept.fingerprint()).orElseThrow();
    assertThat(metrics).containsKeys("accuracy", "matthews");
    assertThat(probed(other, other.fingerprint())).contains(metrics);
    assertThat(probed(kept, ProbeStore.PRETRAINED)).isPresent();
    assertThat(probed(kept, ProbeStore.RANDOM)).isPresent();
  }

  @Test
  void whatProbesReachStandsAmongTheCollapseMetrics() throws IOException {
    Trial plain = trial(stl(), 1, true);
    Trial probing = probing(plain);
    FineTuned result = fineTune(probing);
    temporal.registerActivitiesImplementations(
        new MeasureCollapseActivity(store, datasets, new SnapshotStore(store, datasets)));
    MeasureCollapse measure = temporal.newActivityStub(MeasureCollapse.class);

    MeasureCollapse.Collapse with = measure.measureCollapse(probing, result.evaluationKey());
    MeasureCollapse.Collapse without = measure.measureCollapse(plain, result.evaluationKey());

    assertThat(with.random()).containsOnlyKeys("probes.tiny");
    assertThat(with.finetuned().get("probes.tiny"))
        .isEqualTo(probed(probing, plain.fingerprint()).orElseThrow().get("accuracy"));
    assertThat(with.pretrained()).containsKey("probes.tiny").containsKey("gm_5");
    assertThat(without.random()).isNull();
    assertThat(without.pretrained()).doesNotContainKey("probes.tiny");
    assertThat(without.key()).isEqualTo(with.key());
  }

  private Trial probing(Trial trial) {
    return new Trial(
        trial.fingerprint(),
        trial.dataset(),
        trial.method(),
        trial.regime(),
        trial.seed(),
        trial.training(),
        trial.selection(),
        trial.collapse(),
        trial.keepModel(),
        trial.onlyBest(),
        trial.search(),
        trial.checkpointSeconds(),
        List.of(dataset.task()));
  }

  private Optional<Map<String, Double>> probed(Trial trial, String encoder) throws IOException {
    return new ProbeStore(store)
        .find(encoder, trial.probeRequests().get(0), EngineNumerics.current());
  }

  @Test
  void aLostModelEndsTheTrialAtOnce() throws IOException {
    store.objects().delete("refs/" + model.key());
    assertThatThrownBy(() -> fineTune(trial(stl(), 1, true)))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(Failures.LOST);
              assertThat(failure.isNonRetryable()).isTrue();
              assertThat(failure.getOriginalMessage()).contains(model.uri());
            });
  }

  @Test
  void aTrialThatWantsItsModelDoesNotMakeDoWithAFitThatLacksIt() throws IOException {
    FineTuned without = fineTune(trial(stl(), 1, false));
    FineTuned with = fineTune(trial(stl(), 1, true));

    assertThat(store.get(with.fitKey()).files()).containsKey("model/model.safetensors");
    assertThat(with.metrics()).isEqualTo(without.metrics());
    assertThat(with.evaluationKey()).isEqualTo(without.evaluationKey());
  }

  @Test
  void theModelOfATrialThatCompetesStandsApart() throws IOException {
    Trial trial = competing(trial(stl(), 1, true));
    FineTuned first = fineTune(trial);

    Artifact fit = store.get(first.fitKey());
    assertThat(fit.files().keySet()).noneMatch(name -> name.startsWith("model/"));
    String trained = StoredModels.trained(trial.fingerprint(), fit.key()) + "/";
    assertThat(store.objects().list(trained))
        .contains(trained + "config.json", trained + "model.safetensors");
    assertThat(first.metrics()).isEqualTo(fineTune(trial(stl(), 1, true)).metrics());
  }

  @Test
  void aTrialThatCompetesIsTrainedAgainOnlyWhenItWasNotEvaluated() throws IOException {
    Trial trial = competing(trial(stl(), 1, true));
    FineTuned first = fineTune(trial);
    String weights =
        StoredModels.trained(trial.fingerprint(), first.fitKey()) + "/model.safetensors";
    Artifact evaluation = store.get(first.evaluationKey());
    byte[] bytes = bytes(weights);

    store.objects().delete(weights);
    assertThat(fineTune(trial)).isEqualTo(first);
    assertThat(store.objects().exists(weights)).as("it lost, and that is that").isFalse();

    store.objects().delete("refs/" + first.evaluationKey());
    assertThat(fineTune(trial)).isEqualTo(first);
    assertThat(store.get(first.evaluationKey())).isEqualTo(evaluation);
    assertThat(bytes(weights)).isEqualTo(bytes);
  }

  private byte[] bytes(String key) throws IOException {
    try (InputStream in = store.objects().get(key).orElseThrow()) {
      return in.readAllBytes();
    }
  }

  @Test
  void aDivergedTrialIsAResult() {
    FineTuned result = fineTune(trial(stl(), 1e30, true));

    assertThat(result.status()).isEqualTo(TrialStatus.DIVERGED);
    assertThat(result.failure()).matches("the loss is not finite at step \\d of 5");
    assertThat(result.evaluationKey()).isNull();
    assertThat(fineTune(trial(stl(), 1e30, true))).isEqualTo(result);
  }

  @Test
  void givesATrialToAnotherWorkerWithACheckpointOfTheLastStep() throws IOException {
    Trial trial = trial(stl(), 1, true);
    HandOver handOver = new HandOver();
    Map<String, List<MetricPoint>> shown = new TreeMap<>();
    Attempt first =
        new Attempt(
            "first",
            (step, steps, loss) -> {
              if (step == 2) {
                handOver.request();
              }
            },
            (key, numbers) -> shown.put(key, numbers.points()));
    assertThatThrownBy(
            () ->
                new FineTuneActivity(
                        store,
                        datasets,
                        MetricLog.NONE,
                        handOver,
                        new TrainingMetrics(new MetricRegistry()))
                    .fineTune(trial, first))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.isNonRetryable()).isFalse();
              assertThat(failure.getNextRetryDelay())
                  .isBetween(Duration.ofMillis(1), Duration.ofMillis(100));
            });
    String checkpoint = "checkpoints/" + trial.fingerprint() + "/first/2.json";
    assertThat(shown).containsOnlyKeys(checkpoint);
    assertThat(store.objects().exists(checkpoint)).isTrue();

    List<Integer> steps = new ArrayList<>();
    FineTuned result = attempt(trial, "second", (step, all, loss) -> steps.add(step), shown);
    assertThat(steps).as("goes on with the third step").contains(3).doesNotContain(1, 2);
    assertThat(history(result)).as("shows again what was shown").containsAll(shown.get(checkpoint));
    assertThat(weights(result)).isEqualTo(weightsOfAnUndisturbedRun(trial));
  }

  @Test
  void twoAttemptsAtOnceEndWithOneResultAndLeaveEachOtherAlone() throws IOException {
    Trial trial = checkpointingAtOnce(trial(repina(0.1), 1, true));
    Map<String, List<MetricPoint>> shown = new TreeMap<>();
    List<FineTuned> results = new ArrayList<>();
    results.add(
        attempt(
            trial,
            "first",
            (step, steps, loss) -> {
              if (step == 3 && results.isEmpty()) {
                results.add(attempt(trial, "second", (s, of, l) -> {}, shown));
                assertThat(store.objects().list("checkpoints/"))
                    .isNotEmpty()
                    .allMatch(key -> key.contains("/first/"));
              }
            },
            shown));

    assertThat(results).hasSize(2);
    assertThat(results.get(0)).isEqualTo(results.get(1));
    assertThat(store.objects().list("checkpoints/")).isEmpty();
    assertThat(weights(results.get(0))).isEqualTo(weightsOfAnUndisturbedRun(trial));
  }

  private interface Steps {
    void at(int step, int steps, Double loss) throws IOException;
  }

  private FineTuned attempt(
      Trial trial, String name, Steps progress, Map<String, List<MetricPoint>> shown)
      throws IOException {
    return new FineTuneActivity(
            store,
            datasets,
            MetricLog.NONE,
            new HandOver(),
            new TrainingMetrics(new MetricRegistry()))
        .fineTune(
            trial,
            new Attempt(
                name,
                (step, steps, loss) -> {
                  try {
                    progress.at(step, steps, loss);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                },
                (key, numbers) -> shown.put(key, numbers.points())));
  }

  /** Its first checkpoint is due after the first step. */
  private static Trial checkpointingAtOnce(Trial trial) {
    return as(trial.fingerprint(), 0, trial);
  }

  private static Trial as(String fingerprint, int checkpointSeconds, Trial trial) {
    return new Trial(
        fingerprint,
        trial.dataset(),
        trial.method(),
        trial.regime(),
        trial.seed(),
        trial.training(),
        trial.selection(),
        trial.collapse(),
        trial.keepModel(),
        trial.onlyBest(),
        trial.search(),
        checkpointSeconds,
        List.of());
  }

  private List<MetricPoint> history(FineTuned result) throws IOException {
    return MetricHistory.read(store.file(store.get(result.fitKey()), "history.csv"));
  }

  private String weights(FineTuned result) throws IOException {
    return store.get(result.fitKey()).files().get("model/model.safetensors").sha256();
  }

  /** Of the same trial under another name. */
  private String weightsOfAnUndisturbedRun(Trial trial) throws IOException {
    return weights(fineTune(as(Json.sha256("undisturbed"), 60, trial)));
  }

  @Test
  void endsWhenItIsCancelled() {
    FineTuneActivity activity =
        new FineTuneActivity(
            store,
            datasets,
            MetricLog.NONE,
            new HandOver(),
            new TrainingMetrics(new MetricRegistry()));
    int[] told = {0};
    assertThatThrownBy(
            () ->
                activity.fineTune(
                    trial(stl(), 1, true),
                    new Attempt(
                        "first",
                        (step, steps, loss) -> {
                          told[0]++;
                          if (step == 2) {
                            throw new ActivityCanceledException();
                          }
                        },
                        (key, numbers) -> {})))
        .isInstanceOf(ActivityCanceledException.class);
    assertThat(told[0]).isLessThan(5);
  }

  @Test
  void anUnusableModelIsTheStudysFault() throws IOException {
    Path broken = Files.createDirectory(directory.resolve("broken"));
    Files.copy(Golden.FOLDER.resolve("config.json"), broken.resolve("config.json"));
    model = importModel(broken);
    dataset = importDataset(model, List.of());

    assertThatThrownBy(() -> fineTune(trial(stl(), 1, true)))
        .isInstanceOf(ActivityFailure.class)
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(Failures.INVALID_STUDY);
              assertThat(failure.isNonRetryable()).isTrue();
              assertThat(failure.getOriginalMessage()).startsWith("file:tiny/model.safetensors");
            });
  }

  @Test
  void aLayerThatTheModelLacksIsTheStudysFault() {
    SnapshotRequest request = new SnapshotRequest(dataset, "train", List.of(7), "cls");
    assertThatThrownBy(() -> snapshots().snapshotRepresentations(request))
        .cause()
        .hasMessageContaining("layer 7");
  }

  @Test
  void snapshotsAreMadeOnceAndFoundByRequest() throws IOException {
    SnapshotRequest request = new SnapshotRequest(dataset, "train", List.of(-1, 0), "mean");
    String key = snapshots().snapshotRepresentations(request);

    SnapshotStore found = new SnapshotStore(store, datasets);
    assertThat(found.find(request)).map(Artifact::key).contains(key);
    assertThat(found.load(request)).containsOnlyKeys(-1, 0);
    assertThat(found.load(request).get(0).shape()).containsExactly(23, 16);
    assertThat(snapshots().snapshotRepresentations(request)).isEqualTo(key);
  }

  private FineTuned fineTune(Trial trial) {
    return temporal.newActivityStub(FineTune.class).fineTune(trial, "run");
  }

  private SnapshotRepresentations snapshots() {
    return temporal.newActivityStub(SnapshotRepresentations.class);
  }

  private static Method stl() {
    return Golden.stl();
  }

  private static Method repina(double lambda) {
    return Golden.repina(lambda, List.of(-1), "cls");
  }

  private Trial trial(Method method, double learningRate, boolean keepModel) {
    Training golden = Golden.training(1, 0.1);
    Training training =
        new Training(
            1,
            5,
            5e-3 * learningRate,
            0.2,
            24,
            "fp32",
            0.01,
            0,
            golden.schedule(),
            0.1,
            null,
            0,
            null,
            null,
            null);
    return new Trial(
        Json.sha256(List.of(method, learningRate)),
        dataset,
        method,
        Regime.FULL,
        3,
        training,
        null,
        CollapseSpec.DEFAULT,
        keepModel,
        false,
        false,
        60,
        List.of());
  }

  /** The same trial, which keeps its model only as the best. */
  private static Trial competing(Trial trial) {
    return new Trial(
        trial.fingerprint(),
        trial.dataset(),
        trial.method(),
        trial.regime(),
        trial.seed(),
        trial.training(),
        trial.selection(),
        trial.collapse(),
        true,
        true,
        false,
        60,
        List.of());
  }

  /** The trial with dropout off, a part of its training set set apart, and 20 epochs at most. */
  private static Trial selecting(Trial trial, double fraction, Integer patience) {
    Training t = trial.training();
    Training training =
        new Training(
            patience == null ? 1 : 20,
            t.batchSize(),
            t.learningRate(),
            t.warmup(),
            t.maxLength(),
            t.precision(),
            t.weightDecay(),
            t.clipNorm(),
            t.schedule(),
            0.0,
            null,
            0,
            null,
            patience,
            null);
    return new Trial(
        Json.sha256(List.of(trial.fingerprint(), fraction)),
        trial.dataset(),
        trial.method(),
        trial.regime(),
        trial.seed(),
        training,
        fraction,
        trial.collapse(),
        trial.keepModel(),
        trial.onlyBest(),
        trial.search(),
        60,
        List.of());
  }

  private ResolvedModel importModel(Path folder) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    for (String name : List.of("config.json", "model.safetensors")) {
      if (Files.exists(folder.resolve(name))) {
        files.put(name, folder.resolve(name));
      }
    }
    String key = Json.sha256(files.keySet());
    return new ResolvedModel("file:tiny", store.put(key, files).key(), key);
  }

  private DatasetRequest importDataset(ResolvedModel model, List<OutOfDistribution> others)
      throws IOException {
    TaskSpec spec =
        new TaskSpec(
            "tiny",
            TaskKind.CLASSIFICATION,
            List.of("no", "yes"),
            "file:t",
            "file:v",
            null,
            null,
            null,
            List.of("text"),
            "label",
            List.of("accuracy"),
            others,
            null);
    TreeMap<String, DataFile> files = new TreeMap<>();
    TreeMap<String, Split> splits = new TreeMap<>();
    for (String name : List.of("train", "validation", "ood:other")) {
      files.put(name, new DataFile("file:" + name, "tsv", new Blob(Json.sha256(name), 1)));
      splits.put(name, Golden.split("two"));
    }
    DatasetRequest request = new DatasetRequest(model, new ResolvedTask(spec, files), 24);
    datasets.put(
        request, new TokenizedDataset(TaskKind.CLASSIFICATION, List.of("no", "yes"), splits));
    return request;
  }
}
