package io.buttress.training;

import io.buttress.activity.Failures;
import io.buttress.activity.FineTune;
import io.buttress.collapse.Representations;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.Inputs;
import io.buttress.dataset.InvalidDataException;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.EngineLock;
import io.buttress.encoding.EvaluationStore;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Evaluator.Outputs;
import io.buttress.encoding.HandOver;
import io.buttress.encoding.Numerics;
import io.buttress.encoding.PretrainedProbes;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.Prober;
import io.buttress.encoding.Progress;
import io.buttress.encoding.SnapshotMaker;
import io.buttress.encoding.SnapshotStore;
import io.buttress.evaluation.CoarseOutputs;
import io.buttress.evaluation.Metrics;
import io.buttress.method.Context;
import io.buttress.method.Noise;
import io.buttress.method.Regularizer;
import io.buttress.method.Regularizers;
import io.buttress.method.Snapshot;
import io.buttress.model.Bfloat16;
import io.buttress.model.EncoderConfig;
import io.buttress.model.InvalidModelException;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricLog;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.LostArtifactException;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.CollapseSpec;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedModel;
import io.buttress.study.Seeds;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.TaskKind;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInfo;
import io.temporal.client.ActivityCompletionException;
import io.temporal.client.ActivityNotExistsException;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a trial, evaluates it and probes its encoder for other tasks, as separately stored steps:
 * whichever is in the store is not done again.
 */
public final class FineTuneActivity implements FineTune {
  private static final Logger LOG = LoggerFactory.getLogger(FineTuneActivity.class);
  private static final String TRAIN = "train";
  private static final String VALIDATION = "validation";
  private static final String SELECTION = "selection";
  private static final String FLIPPED = "flipped";

  private final ArtifactStore store;
  private final DatasetStore datasets;
  private final Inputs inputs;
  private final SnapshotStore snapshots;
  private final SnapshotMaker maker;
  private final FitStore fits;
  private final EvaluationStore evaluations;
  private final ProbeStore probes;
  private final PretrainedProbes pretrained;
  private final Prober prober;
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
    snapshots = new SnapshotStore(store, datasets);
    maker = new SnapshotMaker(store, snapshots);
    fits = new FitStore(store);
    evaluations = new EvaluationStore(store);
    probes = new ProbeStore(store);
    pretrained = new PretrainedProbes(store, datasets);
    prober = new Prober(datasets);
  }

  /**
   * One attempt at a trial.
   *
   * @param name of its checkpoints' folder
   * @param progress is told of every step
   * @param checkpoints is told of every checkpoint
   */
  record Attempt(String name, Progress progress, StoredCheckpoints.Listener checkpoints) {}

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
    } catch (InvalidModelException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (InvalidDataException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_DATA);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (ActivityCompletionException | ApplicationFailure e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw attempts.failed(e);
    } finally {
      handOver.end();
    }
  }

  /** What a late attempt stored after another one had ended the trial is of no use to anybody. */
  private void removeIfEnded(Trial trial, String attempt) {
    try {
      Numerics numerics = Numerics.current();
      if (finished(trial, fits.find(trial, numerics), numerics).isPresent()) {
        CheckpointKeys.remove(
            store.objects(), CheckpointKeys.attempt(trial.fingerprint(), attempt));
      }
    } catch (IOException e) {
      LOG.warn("checkpoints of an ended trial stay: {}", e.getMessage());
    }
  }

  FineTuned fineTune(Trial trial, Attempt attempt) throws IOException {
    Numerics numerics = Numerics.current();
    Optional<FitStore.Stored> fit = fits.find(trial, numerics);
    Optional<FineTuned> finished = finished(trial, fit, numerics);
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
      maker.ensure(request, progress);
    }
    for (ProbeRequest request : trial.probeRequests()) {
      pretrained.ensure(request, progress);
    }
    try (EngineLock engine = EngineLock.acquire(progress)) {
      TokenizedDataset dataset = datasets.load(trial.dataset());
      return fit.isPresent() && fit.get().hasModel()
          ? evaluateKept(trial, dataset, fit.get(), numerics, progress)
          : trainAndEvaluate(trial, dataset, attempt, numerics, progress);
    }
  }

  private Optional<FineTuned> finished(
      Trial trial, Optional<FitStore.Stored> fit, Numerics numerics) throws IOException {
    Optional<EvaluationStore.Stored> evaluation = evaluations.find(trial, numerics);
    boolean measured = evaluation.isPresent() && probed(trial, numerics);
    return fit.filter(stored -> measured || diverged(stored))
        .map(stored -> result(stored, evaluation));
  }

  private boolean probed(Trial trial, Numerics numerics) throws IOException {
    for (ProbeRequest request : trial.probeRequests()) {
      if (probes.find(trial.fingerprint(), request, numerics).isEmpty()) {
        return false;
      }
    }
    return true;
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
      return result(fit, Optional.of(measure(trial, dataset, model, numerics, progress)));
    }
  }

  private FineTuned trainAndEvaluate(
      Trial trial, TokenizedDataset dataset, Attempt attempt, Numerics numerics, Progress progress)
      throws IOException {
    if (trial.training().bfloat16() && numerics.device().equals("cpu")) {
      double time = Bfloat16.relativeTime();
      if (time > 1) {
        LOG.warn("bf16 takes {} times as long as fp32 on this processor", "%.1f".formatted(time));
      }
    }
    ResolvedModel source = trial.dataset().model();
    ModelFolder folder = ModelFolder.read(store.folder(inputs.model(source)), source.uri());
    EncoderConfig config = folder.config();
    if (trial.training().dropout() != null) {
      config = config.withDropout(trial.training().dropout());
    }
    for (Split split : dataset.splits().values()) {
      config.requireFits(split);
    }
    config.requireLayers(List.of(trial.collapse().layer()));
    try (TextClassifier model = classifier(trial, dataset, folder, config);
        StoredCheckpoints checkpoints =
            new StoredCheckpoints(
                store.objects(),
                store.scratch(),
                trial.fingerprint(),
                attempt.name(),
                numerics,
                Duration.ofSeconds(trial.checkpointSeconds()),
                handOver,
                attempt.checkpoints(),
                metrics)) {
      TrainingSet train = TrainingSet.of(trial, dataset);
      Regularizer regularizer =
          Regularizers.create(
              new Context(
                  trial.method(),
                  trial.training(),
                  dataset.kind(),
                  trial.seed(),
                  model,
                  trainSnapshot(trial, train),
                  Noise.ENGINE));
      Fit fit =
          new Trainer(dataset.kind(), train.learned(), trial.training(), trial.seed(), metrics)
              .fit(
                  model,
                  regularizer,
                  heldOut(trial, dataset, train),
                  watch(trial, dataset, config, numerics),
                  checkpoints,
                  attempt.progress());
      LOG.info(
          "trained {} steps in {} s: {}", fit.steps(), Math.round(fit.seconds()), fit.status());
      // Training takes long: the files that a kept model needs may have left the cache.
      store.folder(inputs.model(source));
      FitStore.Stored stored =
          fits.put(trial, numerics, fit, model, folder, dataset, train.noise());
      Optional<EvaluationStore.Stored> evaluation =
          diverged(stored)
              ? Optional.empty()
              : Optional.of(measure(trial, dataset, model, numerics, progress));
      checkpoints.remove();
      return result(stored, evaluation);
    }
  }

  /** What is in the store already is not done again. */
  private EvaluationStore.Stored measure(
      Trial trial,
      TokenizedDataset dataset,
      TextClassifier model,
      Numerics numerics,
      Progress progress)
      throws IOException {
    Optional<EvaluationStore.Stored> stored = evaluations.find(trial, numerics);
    EvaluationStore.Stored evaluation =
        stored.isPresent() ? stored.get() : evaluate(trial, dataset, model, numerics, progress);
    for (ProbeRequest request : trial.probeRequests()) {
      if (probes.find(trial.fingerprint(), request, numerics).isEmpty()) {
        probes.put(trial.fingerprint(), request, prober.probe(model, request, progress));
      }
    }
    return evaluation;
  }

  private EvaluationStore.Stored evaluate(
      Trial trial,
      TokenizedDataset dataset,
      TextClassifier model,
      Numerics numerics,
      Progress progress)
      throws IOException {
    Evaluator evaluator = new Evaluator(model, progress);
    Pooling pooling = Pooling.of(trial.collapse().pooling());
    Map<String, Map<String, Double>> metrics = new TreeMap<>();
    TrainingSet train = TrainingSet.of(trial, dataset);
    Map<String, Split> evaluated = new LinkedHashMap<>(dataset.splits());
    evaluated.remove(TRAIN);
    if (train.heldOut() != null) {
      evaluated.put(SELECTION, train.heldOut());
    }
    try (ScratchFolder scratch = store.scratch()) {
      for (Map.Entry<String, Split> entry : evaluated.entrySet()) {
        String name = entry.getKey();
        Split split = entry.getValue();
        boolean measured = name.equals(VALIDATION);
        Outputs outputs =
            measured
                ? evaluator.runWithEveryLayer(split, List.of(trial.collapse().layer()), pooling)
                : evaluator.run(split, List.of(), pooling);
        List<CoarseLabel> coarse = coarseLabels(trial, name);
        float[][] logits =
            coarse == null
                ? outputs.logits()
                : CoarseOutputs.of(outputs.logits(), dataset.labels(), coarse);
        int labels = coarse == null ? dataset.labels().size() : coarse.size();
        metrics.put(name, Metrics.compute(dataset.kind(), labels, split.targets(), logits));
        EvaluationStore.writePredictions(
            scratch.root(),
            name,
            dataset.kind(),
            split,
            name.equals(SELECTION) ? train.heldOutRows() : null,
            logits);
        if (measured) {
          EvaluationStore.writeRepresentations(scratch.root(), outputs);
        }
      }
      if (train.noise() != null) {
        metrics.put(FLIPPED, onFlippedLabels(evaluator, dataset, train));
      }
      return evaluations.put(
          trial, new EvaluationStore.Description(trial.fingerprint(), numerics, metrics), scratch);
    }
  }

  /** The labels of a split that are coarser than the task's; null: they are the task's. */
  private static List<CoarseLabel> coarseLabels(Trial trial, String split) {
    return trial
        .dataset()
        .task()
        .spec()
        .outOfDistribution(split)
        .map(OutOfDistribution::labels)
        .orElse(null);
  }

  /** How the model came to terms with the wrong labels that it learned. */
  private static Map<String, Double> onFlippedLabels(
      Evaluator evaluator, TokenizedDataset dataset, TrainingSet train) {
    int[] rows = train.learnedFlips();
    Split all = dataset.splits().get(TRAIN);
    Split truth = all.rows(rows);
    Split learned = all.withTargets(train.noise().targets()).rows(rows);
    float[][] logits = evaluator.run(truth, List.of(), Pooling.CLS).logits();
    return Metrics.onFlippedLabels(truth.targets(), learned.targets(), logits);
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

  private Snapshot trainSnapshot(Trial trial, TrainingSet train) throws IOException {
    Optional<SnapshotRequest> request = snapshot(trial, TRAIN);
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
    SnapshotRequest request = snapshot(trial, VALIDATION).orElseThrow();
    String layer = SnapshotStore.tensor(config.resolveLayer(collapse.layer()));
    return CollapseWatch.of(
        collapse.trajectory(),
        dataset.splits().get(VALIDATION),
        collapse.layer(),
        Pooling.of(collapse.pooling()),
        Representations.of(snapshots.everyLayer(request, numerics).get(layer)));
  }

  private static Optional<SnapshotRequest> snapshot(Trial trial, String split) {
    return trial.snapshots().stream().filter(request -> request.split().equals(split)).findFirst();
  }

  private static HeldOut heldOut(Trial trial, TokenizedDataset dataset, TrainingSet train) {
    List<String> metric = trial.dataset().task().spec().metric();
    return train.heldOut() == null
        ? null
        : new HeldOut(train.heldOut(), dataset.labels().size(), metric);
  }

  private static boolean diverged(FitStore.Stored fit) {
    return fit.description().status() == TrialStatus.DIVERGED;
  }

  private static FineTuned result(
      FitStore.Stored stored, Optional<EvaluationStore.Stored> evaluation) {
    FitStore.Description fit = stored.description();
    return new FineTuned(
        fit.status(),
        fit.failure(),
        stored.artifact().key(),
        evaluation.map(EvaluationStore.Stored::key).orElse(null),
        fit.steps(),
        fit.trainSeconds(),
        fit.examplesPerSecond(),
        evaluation.map(found -> found.description().metrics()).orElse(Map.of()));
  }
}
