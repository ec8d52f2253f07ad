package io.buttress.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.engine.EngineException;
import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.Failures;
import io.buttress.activity.FineTune;
import io.buttress.activity.MeasureCollapse;
import io.buttress.activity.PlanStudy;
import io.buttress.activity.PlanStudy.Plan;
import io.buttress.activity.PrepareDataset;
import io.buttress.activity.ProbePretrained;
import io.buttress.activity.Report;
import io.buttress.activity.SelectSettings;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.activity.TrackRun;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.collapse.MeasureCollapseActivity;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.InvalidDataException;
import io.buttress.dataset.PrepareDatasetActivity;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.ProbePretrainedActivity;
import io.buttress.encoding.SnapshotRepresentationsActivity;
import io.buttress.encoding.SnapshotStore;
import io.buttress.model.InvalidModelException;
import io.buttress.plan.Fixtures;
import io.buttress.plan.PlanStudyActivity;
import io.buttress.plan.SelectSettingsActivity;
import io.buttress.report.Links;
import io.buttress.report.ReportActivity;
import io.buttress.result.MetricLog;
import io.buttress.source.SourceException;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Blob;
import io.buttress.study.DataFile;
import io.buttress.study.Planner;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.ResolvedTask;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.buttress.tracking.TrackRunActivity;
import io.buttress.training.FineTuneActivity;
import io.buttress.training.TrainingMetrics;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whichever activity meets an exception, the failure that Temporal is told of is the same. */
class EveryActivityTest {
  private static final StudyRun STUDY = new StudyRun("test", "key", null, "run");

  @TempDir Path folder;
  private TestActivityEnvironment environment;
  private Map<String, Runnable> activities;

  /** What the store throws, whatever it is asked for. */
  private Exception thrown;

  @BeforeEach
  void start() throws IOException {
    InvocationHandler failing =
        (proxy, method, arguments) -> {
          throw thrown;
        };
    ObjectStore objects =
        (ObjectStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ObjectStore.class}, failing);
    ArtifactStore store = new ArtifactStore(objects, folder.resolve("cache"));
    DatasetStore datasets = new DatasetStore(store);
    HandOver handOver = new HandOver();
    PlanStudyActivity plans = new PlanStudyActivity(store, Fixtures.sources(folder));
    environment = TestActivityEnvironment.newInstance();
    environment.registerActivitiesImplementations(
        plans,
        new PrepareDatasetActivity(store),
        new SnapshotRepresentationsActivity(store, datasets, handOver),
        new ProbePretrainedActivity(store, datasets, handOver),
        new FineTuneActivity(
            store, datasets, MetricLog.NONE, handOver, new TrainingMetrics(new MetricRegistry())),
        new MeasureCollapseActivity(store, datasets, new SnapshotStore(store, datasets)),
        new TrackRunActivity(store, Optional.empty(), new MetricRegistry()),
        new SelectSettingsActivity(store),
        new ReportActivity(store, datasets, plans, Links.NONE));
    activities = activities();
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private Map<String, Runnable> activities() throws IOException {
    String data = "file:" + Files.writeString(folder.resolve("data.tsv"), "text\tlabel\nx\t1\n");
    String model = "file:" + Fixtures.model(folder.resolve("model"));
    StudySpec spec = Fixtures.study(List.of(model), List.of(Fixtures.task(data, data)));
    Trial trial = Planner.plan(resolved(spec)).trials().get(0);
    Plan plan = new Plan("key", "plan", "test", 1, List.of(trial.dataset()));
    Outcome outcome = new Outcome(TrialStatus.ERROR, "lost", null, null);

    Map<String, Runnable> activities = new LinkedHashMap<>();
    activities.put("planStudy", () -> stub(PlanStudy.class).planStudy(spec));
    activities.put("planPage", () -> stub(PlanStudy.class).planPage("plan", 0, 1));
    activities.put(
        "prepareDataset", () -> stub(PrepareDataset.class).prepareDataset(trial.dataset()));
    activities.put(
        "snapshotRepresentations",
        () ->
            stub(SnapshotRepresentations.class)
                .snapshotRepresentations(
                    SnapshotRequest.validation(trial.dataset(), trial.collapse())));
    activities.put(
        "probePretrained",
        () ->
            stub(ProbePretrained.class)
                .probePretrained(new ProbeRequest(trial.dataset(), -1, "cls")));
    activities.put("fineTune", () -> stub(FineTune.class).fineTune(trial, null));
    activities.put(
        "measureCollapse", () -> stub(MeasureCollapse.class).measureCollapse(trial, "evaluation"));
    activities.put("closeRun", () -> stub(TrackRun.class).closeRun(STUDY, trial, null, outcome));
    activities.put(
        "selectSettings", () -> stub(SelectSettings.class).selectSettings(plan, STUDY, true));
    activities.put("report", () -> stub(Report.class).report(plan, STUDY, null));
    return activities;
  }

  private <T> T stub(Class<T> activity) {
    return environment.newActivityStub(activity);
  }

  private static ResolvedStudy resolved(StudySpec spec) {
    Blob blob = new Blob("a".repeat(64), 1);
    TaskSpec task = spec.tasks().get(0);
    DataFile file = new DataFile(task.train(), "tsv", blob);
    return new ResolvedStudy(
        spec,
        List.of(new ResolvedModel(spec.models().get(0), "model", "digest", null)),
        List.of(new ResolvedTask(task, new TreeMap<>(Map.of("train", file, "validation", file)))),
        List.of());
  }

  @Test
  void aKnownExceptionIsNamedByItsType() {
    expect(new InvalidModelException("config.json: no layers"), Failures.INVALID_STUDY);
    expect(new InvalidDataException("file:/x.tsv", 7, "no label"), Failures.INVALID_DATA);
    expect(new LostArtifactException("it is lost"), Failures.LOST);
    SourceException source = new SourceException("file:/x: no such file");
    expect(new IOException(source.getMessage(), source), Failures.INVALID_STUDY);
  }

  @Test
  void aMistakeIsNotTriedAgain() {
    expect(new IllegalArgumentException("no such metric"), "java.lang.IllegalArgumentException");
    expect(new NullPointerException("x is null"), "java.lang.NullPointerException");
  }

  private void expect(Exception thrown, String type) {
    assertThat(failures(thrown))
        .allSatisfy(
            (activity, failure) -> {
              assertThat(failure.isNonRetryable()).isTrue();
              assertThat(failure.getType()).isEqualTo(type);
              assertThat(failure.getOriginalMessage()).isEqualTo(thrown.getMessage());
            });
  }

  @Test
  void aServiceOrADeviceThatFailsIsTriedAgain() {
    for (Exception passing :
        List.of(new IOException("refused"), new EngineException("CUDA out of memory"))) {
      assertThat(failures(passing))
          .allSatisfy(
              (activity, failure) -> {
                assertThat(failure.isNonRetryable()).isFalse();
                assertThat(failure.getOriginalMessage()).endsWith(passing.getMessage());
              });
    }
  }

  /** By activity. */
  private Map<String, ApplicationFailure> failures(Exception thrown) {
    this.thrown = thrown;
    Map<String, ApplicationFailure> failures = new LinkedHashMap<>();
    activities.forEach(
        (name, activity) -> {
          ActivityFailure failure = catchThrowableOfType(ActivityFailure.class, activity::run);
          assertThat(failure).as(name).isNotNull();
          failures.put(name, (ApplicationFailure) failure.getCause());
        });
    return failures;
  }
}
