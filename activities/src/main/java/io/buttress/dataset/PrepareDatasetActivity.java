package io.buttress.dataset;

import io.buttress.activity.Failures;
import io.buttress.activity.PrepareDataset;
import io.buttress.source.SourceException;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.study.DatasetRequest;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Reads and tokenizes a task's files, and stores the outcome. */
public final class PrepareDatasetActivity implements PrepareDataset {
  private final DatasetMaker maker;
  private final DatasetStore datasets;

  public PrepareDatasetActivity(ArtifactStore store) {
    this.maker = new DatasetMaker(store);
    this.datasets = new DatasetStore(store);
  }

  @Override
  public void prepareDataset(DatasetRequest request) {
    try {
      if (!datasets.contains(request)) {
        ActivityExecutionContext context = Activity.getExecutionContext();
        datasets.put(request, maker.make(request, context::heartbeat));
      }
    } catch (InvalidDataException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_DATA);
    } catch (SourceException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
