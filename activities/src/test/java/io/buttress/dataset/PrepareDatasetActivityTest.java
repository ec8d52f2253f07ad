package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.buttress.activity.Failures;
import io.buttress.activity.PrepareDataset;
import io.buttress.model.Split;
import io.buttress.plan.Fixtures;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.Artifacts;
import io.buttress.study.DataFile;
import io.buttress.study.DatasetRequest;
import io.buttress.study.ResolvedModel;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrepareDatasetActivityTest {
  @TempDir Path folder;
  private ArtifactStore store;
  private ResolvedModel model;
  private TestActivityEnvironment environment;
  private PrepareDataset activity;
  private final List<DatasetMaker.Progress> heartbeats = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    store = Fixtures.store(folder);
    String uri = "file:" + Fixtures.model(folder.resolve("model"));
    model = Fixtures.imported(store, Fixtures.sources(folder), uri);
    environment = TestActivityEnvironment.newInstance();
    environment.setActivityHeartbeatListener(DatasetMaker.Progress.class, heartbeats::add);
    environment.registerActivitiesImplementations(new PrepareDatasetActivity(store));
    activity = environment.newActivityStub(PrepareDataset.class);
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private DatasetRequest request(TaskSpec task, Map<String, String> splits, int maxLength)
      throws IOException {
    return new DatasetRequest(model, Fixtures.resolved(store, task, splits), maxLength);
  }

  private static TaskSpec pairs(Integer limit) {
    return TaskSpecBuilder.builder()
        .id("sts")
        .kind(TaskKind.REGRESSION)
        .train("file:/t")
        .validation("file:/v")
        .text(List.of("a", "b"))
        .label("score")
        .metric(List.of("pearson"))
        .limit(limit)
        .build();
  }

  @Test
  void storesTokenizedSplitsAndPreparesEqualRequestsOnce() throws IOException {
    String rows = "a\tb\tscore\nthe cat\ta dog\t2.5\nthe cat sat on the mat\ta\t0\n";
    DatasetRequest request =
        request(pairs(null), Map.of("train", rows, "validation", rows, "ood:x", rows), 8);
    activity.prepareDataset(request);
    assertThat(heartbeats).contains(new DatasetMaker.Progress("ood:x", 0, 2));

    TokenizedDataset dataset = new DatasetStore(store).load(request);
    assertThat(dataset.kind()).isEqualTo(TaskKind.REGRESSION);
    assertThat(dataset.labels()).isEmpty();
    assertThat(dataset.splits()).containsOnlyKeys("train", "validation", "ood:x");
    for (Split split : dataset.splits().values()) {
      // [CLS] the cat [SEP] a dog [SEP]; the longer text is cut, nothing is padded.
      assertThat(split.inputIds())
          .isEqualTo(
              new int[][] {
                {2, 112, 113, 3, 5, 114, 3},
                {2, 112, 113, 115, 117, 3, 5, 3}
              });
      assertThat(split.tokenTypeIds())
          .isEqualTo(new int[][] {{0, 0, 0, 0, 1, 1, 1}, {0, 0, 0, 0, 0, 0, 1, 1}});
      assertThat(split.targets()).containsExactly(2.5f, 0);
    }

    // The raw files are gone: only a stored dataset can answer.
    for (var file : request.task().splits().values()) {
      store.objects().delete("blobs/" + file.blob().sha256());
      Files.deleteIfExists(folder.resolve("cache").resolve(file.blob().sha256()));
    }
    heartbeats.clear();
    activity.prepareDataset(request);
    assertThat(heartbeats).isEmpty();
  }

  @Test
  void limitsTheTrainingSetAlone() throws IOException {
    String rows = "a\tb\tscore\n" + "cat\tdog\t1\n".repeat(1203);
    DatasetRequest request = request(pairs(1101), Map.of("train", rows, "validation", rows), 8);
    activity.prepareDataset(request);
    TokenizedDataset dataset = new DatasetStore(store).load(request);
    assertThat(dataset.splits().get("train").size()).isEqualTo(1101);
    assertThat(dataset.splits().get("validation").size()).isEqualTo(1203);
    assertThat(List.of(dataset.splits().get("validation").inputIds()))
        .allSatisfy(ids -> assertThat(ids).containsExactly(2, 113, 3, 114, 3));
  }

  @Test
  void badDataEndsWithoutRetryAndStoresNothing() throws IOException {
    DatasetRequest request =
        request(
            Fixtures.task("file:/t", "file:/v"),
            Map.of("train", "text\tlabel\nx\ta\ny\tb\n", "validation", "text\tlabel\nx\n"),
            8);
    ActivityFailure failure =
        catchThrowableOfType(ActivityFailure.class, () -> activity.prepareDataset(request));
    ApplicationFailure cause = (ApplicationFailure) failure.getCause();
    assertThat(cause.getType()).isEqualTo(Failures.INVALID_DATA);
    assertThat(cause.isNonRetryable()).isTrue();
    assertThat(cause.getOriginalMessage())
        .isEqualTo("file:/data/validation.tsv:2: expected 2 fields, found 1");
    assertThat(store.find(Artifacts.dataset(request))).isEmpty();
  }

  private DatasetRequest small() throws IOException {
    String rows = "a\tb\tscore\nthe cat\ta dog\t2.5\n";
    return request(pairs(null), Map.of("train", rows, "validation", rows), 8);
  }

  /** As the store of a worker that has nothing at hand. */
  private ArtifactStore elsewhere(String name) throws IOException {
    return new ArtifactStore(store.objects(), folder.resolve(name));
  }

  @Test
  void aDatasetThatIsLostLaterIsMadeAnew() throws IOException {
    DatasetRequest request = small();
    activity.prepareDataset(request);
    Artifact stored = store.get(Artifacts.dataset(request));
    TokenizedDataset dataset = new DatasetStore(store).load(request);
    store.objects().delete("blobs/" + stored.files().get("train.safetensors").sha256());

    TokenizedDataset remade = new DatasetStore(elsewhere("second")).load(request);
    assertThat(remade.splits().get("train").inputIds())
        .isEqualTo(dataset.splits().get("train").inputIds());
    assertThat(elsewhere("third").find(stored.key())).contains(stored);
  }

  @Test
  void aLostModelOrFileIsNamedAndNotTriedAgain() throws IOException {
    DatasetRequest request = small();
    store.objects().delete("refs/" + model.key());
    assertThatThrownBy(() -> activity.prepareDataset(request))
        .cause()
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            failure -> {
              assertThat(failure.getType()).isEqualTo(Failures.LOST);
              assertThat(failure.isNonRetryable()).isTrue();
              assertThat(failure.getOriginalMessage()).contains(model.uri(), "start the study");
            });

    DataFile train = request.task().splits().get("train");
    store.objects().delete("blobs/" + train.blob().sha256());
    assertThatThrownBy(() -> new DatasetStore(elsewhere("second")).load(request))
        .isInstanceOf(LostArtifactException.class)
        .hasMessageContainingAll(train.uri(), "start the study");
  }
}
