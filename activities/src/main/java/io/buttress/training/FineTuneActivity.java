package io.buttress.training;

import io.buttress.activity.FineTune;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.Inputs;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.EngineLock;
import io.buttress.encoding.EngineNumerics;
import io.buttress.encoding.EvaluationStore;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.PretrainedProbes;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.Progress;
import io.buttress.encoding.SnapshotMaker;
import io.buttress.encoding.SnapshotStore;
import io.buttress.method.MethodRegistry;
import io.buttress.model.Bfloat16;
import io.buttress.model.EncoderConfig;
import io.buttress.model.InvalidModelException;
import io.buttress.model.ModelFolder;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricLog;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.study.Numerics;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedModel;
import io.buttress.study.Seeds;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.TaskKind;
import io.buttress.study.Trial;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInfo;
import io.temporal.client.ActivityNotExistsException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a trial, evaluates it and probes its encoder for other tasks, as separately stored steps:
 * whichever is in the store is not done again. An attempt goes on from the newest checkpoint of any
 * attempt.
 */
public final class FineTuneActivity implements FineTune {
  private static final Logger LOG = LoggerFactory.getLogger(FineTuneActivity.class);

  private final ArtifactStore store;
  private final DatasetStore datasets;
  private final Inputs inputs;
  private final SnapshotMaker snapshots;
  private final PretrainedProbes pretrained;
  private final FitStore fits;
  private final EvaluationStore evaluations;
  private final ProbeStore probes;
  private final TrialTraining training;
  private final TrialEvaluation evaluation;
  private final MetricLog log;
  private final HandOver handOver;
  private final TrainingMetrics metrics;

  /**
   * @param log where metric points are shown during training
   */
  public FineTuneActivity(
      ArtifactStore store,
      DatasetStore datasets,
      MetricLog log,
      HandOver handOver,
      TrainingMetrics metrics) {
    this.store = store;
    this.datasets = datasets;
    this.log = log;
    this.handOver = handOver;
    this.metrics = metrics;
    inputs = new Inputs(store);
    snapshots = new SnapshotMaker(store, new SnapshotStore(store, datasets));
    pretrained = new PretrainedProbes(store, datasets);
    fits = new FitStore(store);
    evaluations = new EvaluationStore(store);
    probes = new ProbeStore(store);
    training = new TrialTraining(store, datasets, metrics);
    evaluation = new TrialEvaluation(store, datasets);
  }

  /**
   * One attempt at a trial.
   *
   * @param name of its checkpoints' folder
   * @param progress is told of every step
   * @param checkpoints is told of every checkpoint
   */
  record Attempt(String name, Progress progress, CheckpointStore.Listener checkpoints) {}

  @Override
  public FineTuned fineTune(Trial trial, String runId) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    ActivityInfo info = context.getInfo();
    Attempts attempts =
        new Attempts(
            store.objects(), trial.fingerprint(), info.getWorkflowRunId(), info.getAttempt());
    AtomicReference<String> newest = new AtomicReference<>();
    // A heartbeat throws when the trial was cancelled, which ends the loop it is called from.
    Progress progress =
        (step, steps, loss) -> context.heartbeat(new Position(step, steps, loss, newest.get()));
    handOver.begin();
    try (MetricStream stream = new MetricStream(log, runId, attempts)) {
      attempts.begin();
      return fineTune(
          trial,
          new Attempt(
              attempts.folder(),
              progress,
              (key, numbers) -> {
                newest.set(key);
                stream.send(numbers.points());
              }));
    } catch (ActivityNotExistsException e) {
      removeIfEnded(trial, attempts.folder());
      throw e;
    } catch (Throwable e) {
      throw attempts.failed(e);
    } finally {
      handOver.end();
    }
  }

  /** What a late attempt stored after another one had ended the trial is of no use to anybody. */
  private void removeIfEnded(Trial trial, String attempt) {
    try {
      Numerics numerics = EngineNumerics.current();
      if (stored(trial, numerics).result().isPresent()) {
        CheckpointKeys.remove(
            store.objects(), CheckpointKeys.attempt(trial.fingerprint(), attempt));
      }
    } catch (IOException e) {
      LOG.warn("checkpoints of an ended trial stay: {}", e.getMessage());
    }
  }

  private StoredTrial stored(Trial trial, Numerics numerics) throws IOException {
    return StoredTrial.find(trial, numerics, fits, evaluations, probes);
  }

  FineTuned fineTune(Trial trial, Attempt attempt) throws IOException {
    Numerics numerics = EngineNumerics.current();
    StoredTrial stored = stored(trial, numerics);
    Optional<FineTuned> finished = stored.result();
    if (finished.isPresent()) {
      return finished.get();
    }
    // Outside the training loop, which leaves a checkpoint first.
    Progress progress =
        (step, steps, loss) -> {
          handOver.check();
          attempt.progress().at(step, steps, loss);
        };
    for (SnapshotRequest request : trial.snapshots()) {
      // Found, unless another kind of machine made them: then these numbers need their own.
      snapshots.ensure(request, progress);
    }
    for (ProbeRequest request : trial.probeRequests()) {
      pretrained.ensure(request, progress);
    }
    try (EngineLock engine = EngineLock.acquire(progress)) {
      TokenizedDataset dataset = datasets.load(trial.dataset());
      Optional<FitStore.Stored> kept = stored.fit().filter(FitStore.Stored::hasModel);
      return kept.isPresent()
          ? evaluateKept(trial, dataset, kept.get(), numerics, progress)
          : trainAndEvaluate(trial, dataset, attempt, numerics, progress);
    }
  }

  private FineTuned evaluateKept(
      Trial trial,
      TokenizedDataset dataset,
      FitStore.Stored fit,
      Numerics numerics,
      Progress progress)
      throws IOException {
    ModelFolder folder = fits.model(fit);
    try (TextClassifier model = classifier(trial, dataset, folder, folder.config())) {
      return StoredTrial.result(
          fit, Optional.of(evaluation.run(trial, dataset, model, numerics, progress)));
    }
  }

  private FineTuned trainAndEvaluate(
      Trial trial, TokenizedDataset dataset, Attempt attempt, Numerics numerics, Progress progress)
      throws IOException {
    warnOfSlowBfloat16(trial, numerics);
    ResolvedModel source = trial.dataset().model();
    ModelFolder folder = ModelFolder.read(store.folder(inputs.model(source)), source.uri());
    EncoderConfig config = config(trial, dataset, folder);
    try (TextClassifier model = classifier(trial, dataset, folder, config);
        CheckpointStore checkpoints = checkpoints(trial, attempt, numerics)) {
      FitStore.Stored fit =
          training.run(trial, dataset, folder, model, checkpoints, numerics, attempt.progress());
      Optional<EvaluationStore.Stored> evaluated =
          fit.diverged()
              ? Optional.empty()
              : Optional.of(evaluation.run(trial, dataset, model, numerics, progress));
      checkpoints.remove();
      return StoredTrial.result(fit, evaluated);
    }
  }

  private static void warnOfSlowBfloat16(Trial trial, Numerics numerics) {
    if (trial.training().bfloat16() && numerics.device().equals("cpu")) {
      double time = Bfloat16.relativeTime();
      if (time > 1) {
        LOG.warn("bf16 takes {} times as long as fp32 on this processor", "%.1f".formatted(time));
      }
    }
  }

  /** The model's own, with the trial's dropout; what the trial asks of it fits. */
  private static EncoderConfig config(Trial trial, TokenizedDataset dataset, ModelFolder folder)
      throws InvalidModelException {
    Double dropout = trial.training().dropout();
    EncoderConfig config = dropout == null ? folder.config() : folder.config().withDropout(dropout);
    for (Split split : dataset.splits().values()) {
      config.requireFits(split);
    }
    config.requireLayers(List.of(trial.collapse().layer()));
    MethodRegistry.requireFits(trial.method(), trial.dataset().model().uri(), config);
    return config;
  }

  private CheckpointStore checkpoints(Trial trial, Attempt attempt, Numerics numerics)
      throws IOException {
    return new CheckpointStore(
        store.objects(),
        store.scratch(),
        trial.fingerprint(),
        attempt.name(),
        numerics,
        Duration.ofSeconds(trial.checkpointSeconds()),
        handOver,
        attempt.checkpoints(),
        metrics);
  }

  private static TextClassifier classifier(
      Trial trial, TokenizedDataset dataset, ModelFolder folder, EncoderConfig config) {
    int outputs = dataset.kind() == TaskKind.REGRESSION ? 1 : dataset.labels().size();
    return new TextClassifier(
        folder,
        config,
        outputs,
        purpose -> Seeds.derive(trial.seed(), purpose, 0),
        trial.training().bfloat16());
  }
}
