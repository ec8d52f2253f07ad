package io.buttress.dataset;

import io.buttress.activity.PrepareDataset;
import io.buttress.failure.Step;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.DatasetRequest;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;

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
    Step.run(
        () -> {
          if (!datasets.contains(request)) {
            ActivityExecutionContext context = Activity.getExecutionContext();
            datasets.put(request, maker.make(request, context::heartbeat));
          }
          return null;
        });
  }
}
