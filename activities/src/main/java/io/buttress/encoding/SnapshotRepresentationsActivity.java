package io.buttress.encoding;

import io.buttress.activity.SnapshotRepresentations;
import io.buttress.dataset.DatasetStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.SnapshotRequest;

/** Stores the pre-trained encoder's representations of a split. */
public final class SnapshotRepresentationsActivity implements SnapshotRepresentations {
  private final SnapshotMaker maker;
  private final HandOver handOver;

  public SnapshotRepresentationsActivity(
      ArtifactStore store, DatasetStore datasets, HandOver handOver) {
    this.handOver = handOver;
    maker = new SnapshotMaker(store, new SnapshotStore(store, datasets));
  }

  @Override
  public String snapshotRepresentations(SnapshotRequest request) {
    return PretrainedStep.inActivity(handOver, progress -> maker.ensure(request, progress));
  }
}
