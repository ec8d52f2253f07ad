package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.FineTune.Position;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.storage.Artifact;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Artifacts;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FineTuneActivityTest extends FineTuneEnvironment {

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
  void aDivergedTrialIsAResult() {
    FineTuned result = fineTune(trial(stl(), 1e30, true));

    assertThat(result.status()).isEqualTo(TrialStatus.DIVERGED);
    assertThat(result.failure()).matches("the loss is not finite at step \\d of 5");
    assertThat(result.evaluationKey()).isNull();
    assertThat(fineTune(trial(stl(), 1e30, true))).isEqualTo(result);
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
}
