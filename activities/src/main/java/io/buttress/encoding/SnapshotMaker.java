package io.buttress.encoding;

import io.buttress.dataset.Inputs;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.ResolvedModel;
import io.buttress.study.SnapshotRequest;
import java.io.IOException;

/** Computes pre-trained representations that are not in the store. */
public final class SnapshotMaker {
  private final ArtifactStore store;
  private final Inputs inputs;
  private final SnapshotStore snapshots;

  public SnapshotMaker(ArtifactStore store, SnapshotStore snapshots) {
    this.store = store;
    this.inputs = new Inputs(store);
    this.snapshots = snapshots;
  }

  /** The key of the snapshot, which is in the store when this returns. */
  public String ensure(SnapshotRequest request, Progress progress) throws IOException {
    Split split = snapshots.split(request);
    String key = Artifacts.snapshot(request, split.inputsDigest(), EngineNumerics.current());
    if (store.find(key).isPresent()) {
      return key;
    }
    ResolvedModel source = request.dataset().model();
    ModelFolder folder = ModelFolder.read(store.folder(inputs.model(source)), source.uri());
    folder.config().requireFits(split);
    folder.config().requireLayers(request.layers());
    // Representations do not depend on the head, so its seed does not matter.
    try (EngineLock engine = EngineLock.acquire(progress);
        TextClassifier model = new TextClassifier(folder, folder.config(), 1, purpose -> 0);
        ScratchFolder scratch = store.scratch()) {
      EvaluationStore.writeRepresentations(
          scratch.root(),
          new Evaluator(model, progress)
              .runWithEveryLayer(split, request.layers(), Pooling.of(request.pooling())));
      return store.put(key, scratch.files()).key();
    }
  }
}
