package io.buttress.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.result.BestModels;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.result.ResultStore;
import io.buttress.stack.SettingNames;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;

@ExtendWith(StackExtension.class)
class MlflowTrackerIT {
  /** What the test environment tells activities. */
  private static final String WORKFLOW = "test-workflow-id";

  @TempDir Path directory;
  private final String token = UUID.randomUUID().toString();
  private final String name = "tests " + token;
  private final Plan plan = new Plan(Json.sha256(token), "key", name, 1, List.of());
  private final Trial trial = FinishedTrial.trial(token);
  private final List<AutoCloseable> open = new ArrayList<>();
  private Stack stack;
  private MlflowClient client;

  @BeforeEach
  void connect(Stack stack) {
    this.stack = stack;
    client = new MlflowClient(stack.variable("MLFLOW_TRACKING_URI"));
    open.add(client);
  }

  @AfterEach
  void close() throws Exception {
    if (client != null) {
      client
          .searchExperiments("name = '" + name + "'")
          .getItems()
          .forEach(experiment -> client.deleteExperiment(experiment.getExperimentId()));
    }
    for (AutoCloseable resource : open) {
      resource.close();
    }
  }

  private MlflowAccess access() {
    return new MlflowAccess(
        URI.create(stack.variable("MLFLOW_TRACKING_URI")),
        null,
        null,
        null,
        null,
        SettingNames.MLFLOW);
  }

  private ArtifactStore inBucket() throws IOException {
    ObjectStore objects = stack.objects();
    open.add(0, objects);
    return new ArtifactStore(objects, directory.resolve("cache"));
  }

  private ArtifactStore inDirectory() throws IOException {
    return new ArtifactStore(
        new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache"));
  }

  private TrackRun activity(ArtifactStore store) {
    MlflowTracker tracker = new MlflowTracker(access(), store, new MetricRegistry());
    open.add(0, tracker);
    TestActivityEnvironment environment = TestActivityEnvironment.newInstance();
    open.add(0, environment::close);
    environment.registerActivitiesImplementations(
        new TrackRunActivity(store, Optional.of(tracker), new MetricRegistry()));
    return environment.newActivityStub(TrackRun.class);
  }

  private List<Run> runs() {
    String experiment = client.getExperimentByName(name).orElseThrow().getExperimentId();
    return client.searchRuns(List.of(experiment), "", null, 1000).getItems();
  }

  private static Map<String, String> tags(Run run) {
    Map<String, String> tags = new TreeMap<>();
    for (RunTag tag : run.getData().getTagsList()) {
      tags.put(tag.getKey(), tag.getValue());
    }
    return tags;
  }

  /** Paths and sizes in a folder of a run, as the server lists them. */
  private Map<String, Long> artifacts(String runId, String folder) throws IOException {
    JsonNode answer =
        Json.MAPPER.readTree(client.sendGet("artifacts/list?run_id=" + runId + "&path=" + folder));
    Map<String, Long> files = new TreeMap<>();
    answer
        .path("files")
        .forEach(file -> files.put(file.get("path").asText(), file.path("file_size").asLong()));
    return files;
  }

  @Test
  void aTrialIsTrackedFromOpenToClose() throws IOException {
    ArtifactStore store = inBucket();
    StudyRun study = trackedToTheEnd(store);
    Run run = client.getRun(new ResultStore(store).find(study, trial).orElseThrow().mlflowRunId());
    String model = run.getInfo().getArtifactUri() + "/model";
    assertThat(model).startsWith("s3://" + stack.variable("BUTTRESS_BUCKET") + "/mlflow/tests_");
    assertThat(new ResultStore(store).find(study, trial).orElseThrow().modelUri()).isEqualTo(model);
    assertThat(tags(run)).containsEntry("buttress.modelUri", model);
    assertThat(artifacts(run.getInfo().getRunId(), "")).containsKey("model");
    assertThat(artifacts(run.getInfo().getRunId(), "model"))
        .containsOnly(
            Map.entry("model/config.json", 21L),
            Map.entry("model/model.safetensors", (long) ("weights of " + token).length()));
  }

  @Test
  void ofTrialsThatKeepTheBestOnlyItsRunHasAModel() throws IOException {
    ArtifactStore store = inBucket();
    TrackRun activity = activity(store);
    StudyRun study = activity.openStudyRun(plan, "workflow");
    List<String> runs = new ArrayList<>();
    List<Trial> trials = new ArrayList<>();
    for (double score : List.of(0.25, 0.75, 0.5)) {
      String own = token + score;
      Trial trial = FinishedTrial.trial(own, true);
      String run = activity.openRun(study, trial, WORKFLOW);
      Outcome outcome = FinishedTrial.outcome(store, trial, own, score, directory);
      activity.closeRun(study, trial, run, outcome);
      activity.closeRun(study, trial, run, outcome);
      assertThat(tags(client.getRun(run))).doesNotContainKey("buttress.modelUri");
      runs.add(run);
      trials.add(trial);
    }

    assertThat(artifacts(runs.get(0), "")).doesNotContainKey("model").containsKey("result.json");
    assertThat(artifacts(runs.get(1), "model"))
        .containsOnlyKeys("model/config.json", "model/model.safetensors");
    assertThat(artifacts(runs.get(2), "")).doesNotContainKey("model");
    BestModels best = new BestModels(store.objects());
    assertThat(best.uri(study, trials.get(1)))
        .hasValue(client.getRun(runs.get(1)).getInfo().getArtifactUri() + "/model");
    assertThat(best.uri(study, trials.get(0))).isEmpty();
  }

  @Test
  void aTrialIsTrackedThroughTheServersArtifactProxy() throws IOException {
    ArtifactStore store = inDirectory();
    StudyRun study = trackedToTheEnd(store);
    String modelUri = new ResultStore(store).find(study, trial).orElseThrow().modelUri();
    assertThat(Path.of(URI.create(modelUri)).resolve("model.safetensors"))
        .hasContent("weights of " + token);
  }

  /** Everything twice, as after a lost answer; what is on the server must be there once. */
  private StudyRun trackedToTheEnd(ArtifactStore store) throws IOException {
    TrackRun activity = activity(store);
    StudyRun study = activity.openStudyRun(plan, "workflow");
    assertThat(activity.openStudyRun(plan, "workflow").runId()).isEqualTo(study.runId());
    String runId = activity.openRun(study, trial, WORKFLOW);
    assertThat(activity.openRun(study, trial, WORKFLOW)).isEqualTo(runId);
    assertThat(client.getRun(runId).getInfo().getStatus()).isEqualTo(RunStatus.RUNNING);

    Outcome outcome = FinishedTrial.outcome(store, token, directory);
    String key = activity.closeRun(study, trial, runId, outcome);
    assertThat(activity.closeRun(study, trial, runId, outcome)).isEqualTo(key);
    Path report = Files.writeString(directory.resolve("report.html"), "<html>");
    String reportKey = store.put(Json.sha256("r" + token), Map.of("report.html", report)).key();
    activity.closeStudyRun(study, TrialStatus.DONE, reportKey);
    activity.closeStudyRun(study, TrialStatus.DONE, reportKey);

    assertThat(runs()).hasSize(2);
    Run parent = client.getRun(study.runId());
    assertThat(parent.getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
    assertThat(artifacts(study.runId(), "")).containsOnly(Map.entry("report.html", 6L));
    Run run = client.getRun(runId);
    assertThat(run.getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
    assertThat(run.getInfo().getRunName()).isEqualTo("repina-i lambda=0.01 · cola · seed 1");
    assertThat(run.getInfo().getEndTime()).isGreaterThan(run.getInfo().getStartTime());
    assertThat(tags(run))
        .containsEntry("mlflow.parentRunId", study.runId())
        .containsEntry("buttress.status", "done")
        .containsEntry("temporal.workflowId", WORKFLOW);
    assertThat(run.getData().getParamsList())
        .anySatisfy(
            p -> assertThat(p.getKey() + "=" + p.getValue()).isEqualTo("method.lambda=0.01"));
    assertThat(history(runId, "loss")).isEqualTo(FinishedTrial.STEPS);
    assertThat(history(runId, "learning_rate")).isEqualTo(FinishedTrial.STEPS);
    for (String metric :
        List.of(
            "validation.accuracy",
            "ood.news.accuracy",
            "collapse.pretrained.effective_rank",
            "collapse.finetuned.effective_rank",
            "training.seconds")) {
      assertThat(history(runId, metric)).as(metric).isEqualTo(1);
    }
    assertThat(run.getData().getMetricsList())
        .anySatisfy(
            m -> {
              assertThat(m.getKey()).isEqualTo("validation.accuracy");
              assertThat(m.getValue()).isEqualTo(0.75);
            })
        .noneSatisfy(m -> assertThat(m.getKey()).contains("nc1"));
    assertThat(artifacts(runId, ""))
        .containsKeys(
            "collapse.json",
            "fit.json",
            "history.csv",
            "metrics.json",
            "predictions-ood-news.csv",
            "predictions-validation.csv",
            "result.json",
            "spectrum.csv",
            "spectrum.png")
        .doesNotContainKey("representations.safetensors");
    return study;
  }

  private int history(String runId, String metric) {
    return client.getMetricHistory(runId, metric).size();
  }

  @Test
  void everyStepOfAMetricIsShownOnceWhicheverAttemptsTellOfIt() throws IOException {
    MlflowTracker tracker = new MlflowTracker(access(), inBucket(), new MetricRegistry());
    open.add(0, tracker);
    String run = tracker.open(study(), trial, WORKFLOW).id();
    tracker.log(run, points(0, 700, 1));
    tracker.log(run, points(0, 700, 1));
    // Another attempt went back to an earlier checkpoint: same steps at other times, then more.
    tracker.log(run, points(0, 1200, 2));

    for (String metric : List.of("loss", "learning_rate")) {
      List<Metric> history = client.getMetricHistory(run, metric);
      assertThat(history.stream().map(Metric::getStep))
          .as("one point each")
          .containsExactlyElementsOf(LongStream.range(0, 1200).boxed().toList());
      assertThat(history.subList(0, 700)).allMatch(point -> point.getTimestamp() == 1);
      assertThat(history.subList(700, 1200)).allMatch(point -> point.getTimestamp() == 2);
    }
  }

  private StudyRun study() {
    return new StudyRun(name, plan.studyKey(), null, "run");
  }

  private static List<MetricPoint> points(int from, int to, long timestamp) {
    return IntStream.range(from, to)
        .boxed()
        .flatMap(
            step ->
                Stream.of("loss", "learning_rate")
                    .map(metric -> new MetricPoint(metric, step, timestamp, step)))
        .toList();
  }

  @Test
  void anEqualStudyEndsTheRunsThatATerminatedOneLeft() throws IOException {
    TrackRun activity = activity(inBucket());
    StudyRun study = activity.openStudyRun(plan, "workflow");
    String left = activity.openRun(study, trial, WORKFLOW);
    StudyRun other = new StudyRun(name, Json.sha256("other" + token), null, "run");
    String others = activity.openRun(other, trial, WORKFLOW);

    assertThat(activity.openStudyRun(plan, "workflow").runId()).isEqualTo(study.runId());
    assertThat(client.getRun(left).getInfo().getStatus()).isEqualTo(RunStatus.KILLED);
    assertThat(client.getRun(study.runId()).getInfo().getStatus()).isEqualTo(RunStatus.RUNNING);
    assertThat(client.getRun(others).getInfo().getStatus()).isEqualTo(RunStatus.RUNNING);
    assertThat(activity.openRun(study, trial, WORKFLOW)).isEqualTo(left);
    assertThat(client.getRun(left).getInfo().getStatus()).isEqualTo(RunStatus.RUNNING);
  }

  @Test
  void ofRunsOpenedAtOnceOneStays() throws Exception {
    int racers = 4;
    TrackRun opener = activity(inBucket());
    StudyRun study = opener.openStudyRun(plan, "workflow");
    CyclicBarrier start = new CyclicBarrier(racers);
    ExecutorService threads = Executors.newFixedThreadPool(racers);
    try {
      List<Future<String>> ids = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        MlflowTracker tracker = new MlflowTracker(access(), inBucket(), new MetricRegistry());
        open.add(0, tracker);
        ids.add(
            threads.submit(
                () -> {
                  start.await();
                  return tracker.open(study, trial, WORKFLOW).id();
                }));
      }
      for (Future<String> id : ids) {
        id.get();
      }
    } finally {
      threads.shutdownNow();
    }
    String stays = opener.openRun(study, trial, WORKFLOW);
    assertThat(runs())
        .extracting(run -> run.getInfo().getRunId())
        .containsExactlyInAnyOrder(study.runId(), stays);
  }

  @Test
  void racingStudiesShareAnExperiment() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    CyclicBarrier start = new CyclicBarrier(2);
    try {
      List<Future<String>> ids = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        StudyRun study = new StudyRun(name, Json.sha256(token + i), null, "run");
        MlflowTracker tracker = new MlflowTracker(access(), inBucket(), new MetricRegistry());
        open.add(0, tracker);
        ids.add(
            threads.submit(
                () -> {
                  start.await();
                  return tracker.open(study, "workflow").id();
                }));
      }
      assertThat(runs(ids)).hasSize(2);
    } finally {
      threads.shutdownNow();
    }
  }

  private List<Run> runs(List<Future<String>> ids) throws Exception {
    for (Future<String> id : ids) {
      id.get();
    }
    return runs();
  }

  @Test
  void failuresDivergenceAndCancellationShow() throws IOException {
    ArtifactStore store = inBucket();
    TrackRun activity = activity(store);
    StudyRun study = activity.openStudyRun(plan, "workflow");
    String runId = activity.openRun(study, trial, WORKFLOW);

    activity.closeRun(study, trial, runId, new Outcome(TrialStatus.CANCELLED, null, null, null));
    assertThat(client.getRun(runId).getInfo().getStatus()).isEqualTo(RunStatus.KILLED);

    activity.openRun(study, trial, WORKFLOW);
    activity.closeRun(study, trial, runId, new Outcome(TrialStatus.ERROR, "no memory", null, null));
    assertThat(client.getRun(runId).getInfo().getStatus()).isEqualTo(RunStatus.FAILED);
    assertThat(tags(client.getRun(runId))).containsEntry("buttress.failure", "no memory");

    Path csv = directory.resolve("diverged.csv");
    MetricHistory.write(
        csv,
        List.of(
            new MetricPoint("loss", 0, 1_700_000_000_000L, 1.5),
            new MetricPoint("loss", 1, 1_700_000_000_001L, Double.NaN)));
    String fitKey = store.put(Json.sha256("fit" + token), Map.of("history.csv", csv)).key();
    FineTuned diverged =
        new FineTuned(TrialStatus.DIVERGED, "NaN", fitKey, null, 2, 1, 1, Map.of());
    activity.openRun(study, trial, WORKFLOW);
    activity.closeRun(
        study, trial, runId, new Outcome(TrialStatus.DIVERGED, "NaN", diverged, null));
    assertThat(client.getRun(runId).getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
    assertThat(tags(client.getRun(runId)))
        .containsEntry("buttress.status", "diverged")
        .containsEntry("buttress.failure", "NaN");
    assertThat(client.getMetricHistory(runId, "loss"))
        .extracting(Metric::getValue)
        .containsExactlyInAnyOrder(1.5, Double.NaN);
  }

  @Test
  void aTrialCancelledBeforeItsRunWasKnownIsClosed() throws IOException {
    TrackRun activity = activity(inBucket());
    StudyRun study = activity.openStudyRun(plan, "workflow");
    Outcome cancelled = new Outcome(TrialStatus.CANCELLED, null, null, null);
    activity.closeRun(study, trial, null, cancelled);
    assertThat(runs()).hasSize(1);
    String runId = activity.openRun(study, trial, WORKFLOW);
    activity.closeRun(study, trial, null, cancelled);
    assertThat(client.getRun(runId).getInfo().getStatus()).isEqualTo(RunStatus.KILLED);
  }

  @Test
  void aDeletedExperimentEndsTheStudyWithAHint() throws IOException {
    TrackRun activity = activity(inBucket());
    activity.openStudyRun(plan, "workflow");
    String id = client.getExperimentByName(name).orElseThrow().getExperimentId();
    client.deleteExperiment(id);
    assertThatThrownBy(() -> activity.openStudyRun(plan, "workflow"))
        .isInstanceOf(ActivityFailure.class)
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.isNonRetryable()).isTrue();
              assertThat(failure.getOriginalMessage()).contains(name, "restore");
            });
  }
}
