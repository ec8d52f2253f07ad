package io.buttress.training;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.EvaluationStore;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Evaluator.Outputs;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.Prober;
import io.buttress.encoding.Progress;
import io.buttress.evaluation.CoarseOutputs;
import io.buttress.evaluation.Metrics;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Numerics;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Trial;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Evaluates a trial's model and probes its encoder for other tasks. What is in the store is not
 * done again.
 */
final class TrialEvaluation {
  private final ArtifactStore store;
  private final EvaluationStore evaluations;
  private final ProbeStore probes;
  private final Prober prober;

  TrialEvaluation(ArtifactStore store, DatasetStore datasets) {
    this.store = store;
    evaluations = new EvaluationStore(store);
    probes = new ProbeStore(store);
    prober = new Prober(datasets);
  }

  EvaluationStore.Stored run(
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
    evaluated.remove(ResolvedTask.TRAIN);
    if (train.heldOut() != null) {
      evaluated.put(FineTuned.SELECTION, train.heldOut());
    }
    try (ScratchFolder scratch = store.scratch()) {
      for (Map.Entry<String, Split> entry : evaluated.entrySet()) {
        String name = entry.getKey();
        Split split = entry.getValue();
        boolean measured = name.equals(ResolvedTask.VALIDATION);
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
            name.equals(FineTuned.SELECTION) ? train.heldOutRows() : null,
            logits);
        if (measured) {
          EvaluationStore.writeRepresentations(scratch.root(), outputs);
        }
      }
      if (train.noise() != null) {
        metrics.put(FineTuned.FLIPPED, onFlippedLabels(evaluator, dataset, train));
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

  /** How many of the wrong labels it was trained on the model predicts, or corrects. */
  private static Map<String, Double> onFlippedLabels(
      Evaluator evaluator, TokenizedDataset dataset, TrainingSet train) {
    int[] rows = train.learnedFlips();
    Split all = dataset.splits().get(ResolvedTask.TRAIN);
    Split truth = all.rows(rows);
    Split learned = all.withTargets(train.noise().targets()).rows(rows);
    float[][] logits = evaluator.run(truth, List.of(), Pooling.CLS).logits();
    return Metrics.onFlippedLabels(truth.targets(), learned.targets(), logits);
  }
}
