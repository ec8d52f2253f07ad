package io.buttress.training;

import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.Position;
import io.buttress.activity.SnapshotRepresentations;
import io.buttress.data.DatasetStore;
import io.buttress.model.InvalidModelException;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.SnapshotRequest;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

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
    ActivityExecutionContext context = Activity.getExecutionContext();
    handOver.begin();
    try {
      return maker.ensure(
          request,
          (step, steps, loss) -> {
            handOver.check();
            context.heartbeat(new Position(step, steps, null, null));
          });
    } catch (InvalidModelException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      handOver.end();
    }
  }
}
