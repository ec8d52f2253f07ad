package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse;
import io.buttress.collapse.MeasureCollapseActivity;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.SnapshotStore;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Trial;
import io.buttress.training.FineTuneActivity.Attempt;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is stored is found and not made again; what is lost is made anew, to the same bytes. */
class StoredWorkTest extends FineTuneEnvironment {

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
        activity(elsewhere, new HandOver())
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
        activity(elsewhere, new HandOver())
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
  void snapshotsAreMadeOnceAndFoundByRequest() throws IOException {
    SnapshotRequest request = new SnapshotRequest(dataset, "train", List.of(-1, 0), "mean");
    String key = snapshots().snapshotRepresentations(request);

    SnapshotStore found = new SnapshotStore(store, datasets);
    assertThat(found.find(request)).map(Artifact::key).contains(key);
    assertThat(found.load(request)).containsOnlyKeys(-1, 0);
    assertThat(found.load(request).get(0).shape()).containsExactly(23, 16);
    assertThat(snapshots().snapshotRepresentations(request)).isEqualTo(key);
  }
}
