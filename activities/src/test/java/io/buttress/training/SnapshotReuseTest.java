package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.HandOver;
import io.buttress.result.MetricLog;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.study.Blob;
import io.buttress.study.CollapseSpec;
import io.buttress.study.DataFile;
import io.buttress.study.ExecutionSpec;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.Planner;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Studies;
import io.buttress.study.StudySpec;
import io.buttress.study.StudySpecBuilder;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Trial;
import io.buttress.training.FineTuneActivity.Attempt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pre-trained representations are computed once for all trials of all studies. */
class SnapshotReuseTest {
  private static final TaskSpec TASK =
      TaskSpecBuilder.from(Studies.task("tiny"))
          .labels(List.of("no", "yes"))
          .train("file:train")
          .validation("file:validation")
          .build();

  @TempDir Path directory;

  private FineTuneActivity activity;
  private ResolvedModel model;
  private ResolvedTask task;
  private DatasetStore datasets;

  @BeforeEach
  void importModelAndData() throws IOException {
    ArtifactStore store =
        new ArtifactStore(
            new DirectoryObjectStore(directory.resolve("store")), directory.resolve("cache"));
    datasets = new DatasetStore(store);
    activity =
        new FineTuneActivity(
            store,
            datasets,
            MetricLog.NONE,
            new HandOver(),
            new TrainingMetrics(new MetricRegistry()));
    Map<String, Path> files = new TreeMap<>();
    for (String name : List.of("config.json", "model.safetensors")) {
      files.put(name, Golden.FOLDER.resolve(name));
    }
    String key = Json.sha256(files.keySet());
    model = new ResolvedModel("file:tiny", store.put(key, files).key(), key);
    TreeMap<String, DataFile> data = new TreeMap<>();
    for (String name : List.of("train", "validation")) {
      data.put(name, new DataFile("file:" + name, "tsv", new Blob(Json.sha256(name), 1)));
    }
    task = new ResolvedTask(TASK, data);
  }

  @Test
  void trialsOfTwoStudiesShareOneSnapshot() throws IOException {
    List<Trial> first =
        study(
            "first",
            0.0,
            Golden.method("repina-i", Map.of("lambda", 0.1)),
            Golden.method("repina-mlp", Map.of()),
            Golden.method("stl", Map.of()));
    List<Trial> second =
        study(
            "second",
            0.1,
            Golden.method("repina-i", Map.of("lambda", 1.0)),
            Golden.method("repina-shuffled", Map.of()),
            Golden.method("repina-i", Map.of("pooling", "mean")));

    // All splits here have the same examples, so that two snapshots of one layer are one as well.
    assertThat(passesBeforeTraining(first.get(0))).isEqualTo(1);
    assertThat(passesBeforeTraining(first.get(1))).isZero();
    assertThat(passesBeforeTraining(first.get(2))).isZero();
    assertThat(passesBeforeTraining(second.get(0))).isZero();
    assertThat(passesBeforeTraining(second.get(1))).isZero();
    assertThat(passesBeforeTraining(second.get(2))).as("another pooling").isEqualTo(1);
  }

  private List<Trial> study(String name, double dropout, Method... methods) throws IOException {
    StudySpec spec =
        StudySpecBuilder.builder()
            .name(name)
            .models(List.of(model.uri()))
            .tasks(List.of(TASK))
            .methods(List.of(methods))
            .seeds(List.of(1L))
            .regimes(List.of(Regime.FULL))
            .training(List.of(Golden.training(1, dropout)))
            .collapse(CollapseSpec.DEFAULT)
            .execution(ExecutionSpec.DEFAULT)
            .build();
    List<Trial> trials =
        Planner.plan(new ResolvedStudy(spec, List.of(model), List.of(task), List.of())).trials();
    datasets.put(
        trials.get(0).dataset(),
        new TokenizedDataset(
            TaskKind.CLASSIFICATION,
            TASK.labels(),
            new TreeMap<>(
                Map.of("train", Golden.split("two"), "validation", Golden.split("two")))));
    return trials;
  }

  /** Batches that went through the encoder before the first step; 23 examples are one batch. */
  private int passesBeforeTraining(Trial trial) throws IOException {
    int[] passes = {0};
    boolean[] training = {false};
    activity.fineTune(
        trial,
        new Attempt(
            "first",
            (step, steps, loss) -> {
              training[0] |= loss != null;
              passes[0] += training[0] ? 0 : 1;
            },
            (key, numbers) -> {}));
    assertThat(training[0]).isTrue();
    return passes[0];
  }
}
