package io.buttress.training;

import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.FineTune;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.SnapshotRepresentationsActivity;
import io.buttress.model.Split;
import io.buttress.result.MetricLog;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.study.Blob;
import io.buttress.study.DataFile;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Studies;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trial;
import io.buttress.study.Trials;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A store with a tiny model and data, and the activities that train on them. */
abstract class FineTuneEnvironment {
  @TempDir Path directory;

  final TestActivityEnvironment temporal = TestActivityEnvironment.newInstance();
  ArtifactStore store;
  DatasetStore datasets;
  ResolvedModel model;
  DatasetRequest dataset;

  @BeforeEach
  void prepare() throws IOException {
    store =
        new ArtifactStore(
            new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache"));
    datasets = new DatasetStore(store);
    model = importModel(Golden.FOLDER);
    dataset = importDataset(model, List.of());
    temporal.registerActivitiesImplementations(
        activity(store, new HandOver()),
        new SnapshotRepresentationsActivity(store, datasets, new HandOver()));
  }

  @AfterEach
  void stop() {
    temporal.close();
  }

  FineTuned fineTune(Trial trial) {
    return temporal.newActivityStub(FineTune.class).fineTune(trial, "run");
  }

  SnapshotRepresentations snapshots() {
    return temporal.newActivityStub(SnapshotRepresentations.class);
  }

  static Method stl() {
    return Golden.stl();
  }

  static Method repina(double lambda) {
    return Golden.repina(lambda, List.of(-1), "cls");
  }

  ResolvedModel importModel(Path folder) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    for (String name : List.of("config.json", "model.safetensors")) {
      if (Files.exists(folder.resolve(name))) {
        files.put(name, folder.resolve(name));
      }
    }
    String key = Json.sha256(files.keySet());
    return new ResolvedModel("file:tiny", store.put(key, files).key(), key);
  }

  DatasetRequest importDataset(ResolvedModel model, List<OutOfDistribution> others)
      throws IOException {
    TaskSpec spec =
        TaskSpecBuilder.from(Studies.task("tiny"))
            .labels(List.of("no", "yes"))
            .outOfDistribution(others)
            .build();
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

  /** As on a worker of its own. */
  static FineTuneActivity activity(ArtifactStore store, HandOver handOver) {
    return new FineTuneActivity(
        store,
        new DatasetStore(store),
        MetricLog.NONE,
        handOver,
        new TrainingMetrics(new MetricRegistry()));
  }

  /**
   * A trial of 5 steps.
   *
   * @param learningRate times 0.005
   */
  Trial trial(Method method, double learningRate, boolean keepModel) {
    Training training =
        TrainingBuilder.from(Golden.training(1, 0.1))
            .batchSize(5)
            .learningRate(5e-3 * learningRate)
            .warmup(0.2)
            .weightDecay(0.01)
            .clipNorm(0)
            .build();
    return Trials.trial()
        .fingerprint(Json.sha256(List.of(method, learningRate)))
        .dataset(dataset)
        .method(method)
        .seed(3)
        .training(training)
        .keepModel(keepModel)
        .build();
  }
}
