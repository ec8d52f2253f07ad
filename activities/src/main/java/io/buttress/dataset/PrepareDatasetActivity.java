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
import java.util.OptionalInt;

/** Reads and tokenizes a task's files, and stores the outcome. */
public final class PrepareDatasetActivity implements PrepareDataset {
  private final DatasetMaker maker;
  private final DatasetStore datasets;

  public PrepareDatasetActivity(ArtifactStore store) {
    this.maker = new DatasetMaker(store);
    this.datasets = new DatasetStore(store);
  }

  @Override
  public Prepared prepareDataset(DatasetRequest request) {
    try {
      OptionalInt stored = datasets.trainingExamples(request);
      int examples = stored.isPresent() ? stored.getAsInt() : prepare(request);
      return new Prepared(DatasetStore.key(request), examples);
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

  private int prepare(DatasetRequest request) throws IOException, SourceException {
    ActivityExecutionContext context = Activity.getExecutionContext();
    TokenizedDataset dataset = maker.make(request, context::heartbeat);
    datasets.put(request, dataset);
    return dataset.splits().get("train").size();
  }
}
