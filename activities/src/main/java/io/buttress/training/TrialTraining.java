package io.buttress.training;

import io.buttress.collapse.Representations;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.Inputs;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.Progress;
import io.buttress.encoding.SnapshotStore;
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.method.Snapshot;
import io.buttress.model.EncoderConfig;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.TextClassifier;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.CollapseSpec;
import io.buttress.study.Numerics;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Trial;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a trial's model and stores the run. */
final class TrialTraining {
  private static final Logger LOG = LoggerFactory.getLogger(TrialTraining.class);

  private final ArtifactStore store;
  private final Inputs inputs;
  private final SnapshotStore snapshots;
  private final FitStore fits;
  private final TrainingMetrics metrics;

  TrialTraining(ArtifactStore store, DatasetStore datasets, TrainingMetrics metrics) {
    this.store = store;
    this.metrics = metrics;
    inputs = new Inputs(store);
    snapshots = new SnapshotStore(store, datasets);
    fits = new FitStore(store);
  }

  /**
   * Trains the model in place.
   *
   * @param source the folder that the model is from
   */
  FitStore.Stored run(
      Trial trial,
      TokenizedDataset dataset,
      ModelFolder source,
      TextClassifier model,
      Checkpointing checkpoints,
      Numerics numerics,
      Progress progress)
      throws IOException {
    TrainingSet train = TrainingSet.of(trial, dataset);
    MethodContext context =
        new MethodContext(
            trial.method(),
            trial.training(),
            dataset.kind(),
            trial.seed(),
            model,
            trainSnapshot(trial, train),
            Noise.ENGINE);
    Fit fit =
        new Trainer(dataset.kind(), train.learned(), trial.training(), trial.seed(), metrics)
            .fit(
                model,
                MethodRegistry.create(context),
                heldOut(trial, dataset, train),
                watch(trial, dataset, model.config(), numerics),
                checkpoints,
                progress);
    LOG.info("trained {} steps in {} s: {}", fit.steps(), Math.round(fit.seconds()), fit.status());
    // Training takes long: the files that a kept model needs may have left the cache.
    store.folder(inputs.model(trial.dataset().model()));
    return fits.put(trial, numerics, fit, model, source, dataset, train.noise());
  }

  private Snapshot trainSnapshot(Trial trial, TrainingSet train) throws IOException {
    Optional<SnapshotRequest> request = SnapshotRequest.training(trial.dataset(), trial.method());
    return request.isEmpty()
        ? null
        : new Snapshot(snapshots.load(request.get()), train.learnedRows());
  }

  /** What is measured in the middle of training; null: nothing. */
  private CollapseWatch watch(
      Trial trial, TokenizedDataset dataset, EncoderConfig config, Numerics numerics)
      throws IOException {
    CollapseSpec collapse = trial.collapse();
    if (collapse.trajectory() == 0) {
      return null;
    }
    SnapshotRequest request = SnapshotRequest.validation(trial.dataset(), collapse);
    String layer = SnapshotStore.tensor(config.resolveLayer(collapse.layer()));
    return CollapseWatch.of(
        collapse.trajectory(),
        dataset.splits().get(request.split()),
        collapse.layer(),
        Pooling.of(collapse.pooling()),
        Representations.of(snapshots.everyLayer(request, numerics).get(layer)));
  }

  private static HeldOut heldOut(Trial trial, TokenizedDataset dataset, TrainingSet train) {
    List<String> metric = trial.dataset().task().spec().metric();
    return train.heldOut() == null
        ? null
        : new HeldOut(train.heldOut(), dataset.labels().size(), metric);
  }
}
