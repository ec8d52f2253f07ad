package io.buttress.collapse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.buttress.activity.Failures;
import io.buttress.activity.MeasureCollapse;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.SnapshotStore;
import io.buttress.model.Split;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Artifacts;
import io.buttress.study.CollapseSpec;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Studies;
import io.buttress.study.TaskKind;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.buttress.study.Trials;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasureCollapseActivityTest {
  private static final int N = 12;
  private static final int H = 5;
  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);

  /** Of no machine that runs this test: evaluation and measurement may happen on different ones. */
  private static final Numerics NUMERICS = new Numerics("gpu", 77, "avx2");

  @TempDir Path folder;
  private final TestActivityEnvironment temporal = TestActivityEnvironment.newInstance();
  private ArtifactStore store;
  private Trial trial;
  private MeasureCollapse activity;

  @BeforeEach
  void prepare() throws Exception {
    store =
        new ArtifactStore(
            new DirectoryObjectStore(folder.resolve("store")), folder.resolve("cache"));
    DatasetStore datasets = new DatasetStore(store);
    SnapshotStore snapshots = new SnapshotStore(store, datasets);
    DatasetRequest dataset = Trials.dataset(Studies.task("toy"));
    int[][] ids = new int[N][1];
    float[] targets = new float[N];
    for (int i = 0; i < N; i++) {
      ids[i][0] = i;
      targets[i] = i % 2;
    }
    Split split = new Split(ids, new int[N][1], targets);
    datasets.put(
        dataset,
        new TokenizedDataset(
            TaskKind.CLASSIFICATION, List.of("a", "b"), Map.of("validation", split)));
    SnapshotRequest request = new SnapshotRequest(dataset, "validation", List.of(-1), "cls");
    float[] pretrained = random(1);
    store.put(
        snapshots.key(request, NUMERICS),
        Map.of(
            Artifacts.REPRESENTATIONS,
            representations(pretrained),
            Artifacts.LAYERS,
            layers(random(5), pretrained)));
    trial =
        Trials.trial()
            .fingerprint(FINGERPRINT)
            .dataset(dataset)
            .seed(3)
            .collapse(new CollapseSpec(List.of(2, 100), -1, "cls", 0))
            .build();
    temporal.registerActivitiesImplementations(
        new MeasureCollapseActivity(store, datasets, snapshots));
    activity = temporal.newActivityStub(MeasureCollapse.class);
  }

  @AfterEach
  void close() {
    temporal.close();
  }

  @Test
  void storesMetricsSpectrumAndChart() throws Exception {
    String evaluation = evaluation("a", random(2));

    MeasureCollapse.Collapse collapse = activity.measureCollapse(trial, evaluation);

    assertThat(collapse.key()).isEqualTo(Artifacts.collapse(trial));
    assertThat(collapse.pretrained().get("cka_pretrained")).isCloseTo(1, within(1e-12));
    assertThat(collapse.finetuned().get("cka_pretrained")).isBetween(0.0, 0.9);
    assertThat(collapse.finetuned()).containsEntry("gm_100", null).containsKey("nc1");
    assertThat(collapse.layers()).extracting(TrialResult.Layer::layer).containsExactly(0, 1);
    assertThat(collapse.layers().get(0).finetuned())
        .isEqualTo(collapse.layers().get(0).pretrained());
    assertThat(collapse.finetuned())
        .containsAllEntriesOf(collapse.layers().get(1).finetuned())
        .isNotEqualTo(collapse.layers().get(1).finetuned());
    Artifact artifact = store.get(collapse.key());
    assertThat(artifact.files().keySet())
        .containsExactly("collapse.json", "spectrum.csv", "spectrum.png");
    assertThat(Files.readAllLines(store.file(artifact, "spectrum.csv"))).hasSize(H + 1);
    BufferedImage chart = ImageIO.read(store.file(artifact, "spectrum.png").toFile());
    assertThat(chart.getWidth()).isEqualTo(900);
    Spectra spectra = new CollapseStore(store).spectra(trial).orElseThrow();
    assertThat(spectra.finetuned()).hasSize(H).isSortedAccordingTo((a, b) -> Double.compare(b, a));
  }

  @Test
  void measuresOnce() throws Exception {
    MeasureCollapse.Collapse first = activity.measureCollapse(trial, evaluation("a", random(2)));

    assertThat(activity.measureCollapse(trial, "no such artifact")).isEqualTo(first);
  }

  @Test
  void anEncoderThatMapsEverythingToZeroIsAResult() throws Exception {
    MeasureCollapse.Collapse collapse =
        activity.measureCollapse(trial, evaluation("zero", new float[N * H]));

    assertThat(collapse.finetuned())
        .containsEntry("gm_2", 0.0)
        .containsEntry("effective_rank", null)
        .containsEntry("mean_cosine", null);
  }

  @Test
  void namesTheTrialWhoseRepresentationsAreNotFinite() throws Exception {
    float[] broken = random(2);
    broken[7] = Float.POSITIVE_INFINITY;
    String evaluation = evaluation("broken", broken);

    assertThatThrownBy(() -> activity.measureCollapse(trial, evaluation))
        .isInstanceOf(ActivityFailure.class)
        .rootCause()
        .hasMessageContaining("toy, stl, full, seed 3 (0123456789ab)")
        .hasMessageContaining("fine-tuned representations are not finite: row 1, dimension 2");
    assertThat(store.find(Artifacts.collapse(trial))).isEmpty();
  }

  @Test
  void whatIsLostAndCannotBeMadeHereEndsTheTrial() throws Exception {
    String evaluation = evaluation("a", random(2));
    store.objects().list("refs/").stream()
        .filter(key -> !key.endsWith(evaluation))
        .filter(key -> !key.endsWith(Artifacts.dataset(trial.dataset())))
        .forEach(this::delete);
    assertThatThrownBy(() -> activity.measureCollapse(trial, evaluation)).satisfies(this::isLost);
    delete("refs/" + evaluation);
    assertThatThrownBy(() -> activity.measureCollapse(trial, evaluation)).satisfies(this::isLost);
  }

  private void delete(String key) {
    try {
      store.objects().delete(key);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void isLost(Throwable thrown) {
    ApplicationFailure failure = (ApplicationFailure) thrown.getCause();
    assertThat(failure.getType()).isEqualTo(Failures.LOST);
    assertThat(failure.isNonRetryable()).isTrue();
    assertThat(failure.getOriginalMessage()).contains("start the study again");
  }

  private String evaluation(String name, float[] values) throws Exception {
    String key = Json.sha256(Map.of("evaluation", name));
    Path metrics = Files.createTempFile(folder, "metrics-", ".json");
    Files.writeString(metrics, Json.canonical(Map.of("numerics", NUMERICS)));
    store.put(
        key,
        Map.of(
            Artifacts.REPRESENTATIONS,
            representations(values),
            Artifacts.LAYERS,
            layers(random(5), values),
            "metrics.json",
            metrics));
    return key;
  }

  private Path representations(float[] values) throws Exception {
    Path file = Files.createTempFile(folder, "representations-", ".safetensors");
    Safetensors.write(file, Map.of("layer.-1", Tensor.of(values, N, H)));
    return file;
  }

  private Path layers(float[] embeddings, float[] last) throws Exception {
    Path file = Files.createTempFile(folder, "layers-", ".safetensors");
    Safetensors.write(
        file, Map.of("layer.0", Tensor.of(embeddings, N, H), "layer.1", Tensor.of(last, N, H)));
    return file;
  }

  private static float[] random(long seed) {
    Random random = new Random(seed);
    float[] values = new float[N * H];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
