package io.buttress.collapse;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.activity.MeasureCollapse;
import io.buttress.dataset.DatasetStore;
import io.buttress.dataset.TokenizedDataset;
import io.buttress.encoding.EngineNumerics;
import io.buttress.encoding.PretrainedProbes;
import io.buttress.encoding.ProbeStore;
import io.buttress.encoding.SnapshotMaker;
import io.buttress.encoding.SnapshotStore;
import io.buttress.evaluation.Metrics;
import io.buttress.failure.Step;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.LostArtifactException;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.ProbeRequest;
import io.buttress.study.ResolvedTask;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.TaskKind;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Measures collapse from stored representations of the validation set. */
public final class MeasureCollapseActivity implements MeasureCollapse {
  /** Type of the failure for representations that no metric is defined on. */
  static final String NOT_MEASURABLE = "NotMeasurable";

  private final ArtifactStore store;
  private final DatasetStore datasets;
  private final SnapshotStore snapshots;
  private final SnapshotMaker maker;
  private final CollapseStore measured;
  private final ProbeStore probes;
  private final PretrainedProbes pretrainedProbes;

  public MeasureCollapseActivity(
      ArtifactStore store, DatasetStore datasets, SnapshotStore snapshots) {
    this.store = store;
    this.datasets = datasets;
    this.snapshots = snapshots;
    this.maker = new SnapshotMaker(store, snapshots);
    this.measured = new CollapseStore(store);
    this.probes = new ProbeStore(store);
    this.pretrainedProbes = new PretrainedProbes(store, datasets);
  }

  @Override
  public Collapse measureCollapse(Trial trial, String evaluationKey) {
    return Step.run(
        () -> {
          Optional<TrialResult.Collapse> stored = measured.metrics(trial);
          TrialResult.Collapse metrics =
              stored.isPresent() ? stored.get() : measure(trial, evaluationKey);
          return withProbes(trial, evaluationKey, metrics);
        });
  }

  /** Not part of what is stored here, which studies with and without probes share. */
  private Collapse withProbes(Trial trial, String evaluationKey, TrialResult.Collapse metrics)
      throws IOException {
    Map<String, Double> pretrained = new TreeMap<>(metrics.pretrained());
    Map<String, Double> finetuned = new TreeMap<>(metrics.finetuned());
    Map<String, Double> random = new TreeMap<>();
    if (!trial.probes().isEmpty()) {
      Numerics numerics = numerics(store.get(evaluationKey));
      ActivityExecutionContext context = Activity.getExecutionContext();
      for (ProbeRequest request : trial.probeRequests()) {
        if (numerics.equals(EngineNumerics.current())) {
          // Found, unless they were lost since the trial began.
          pretrainedProbes.ensure(request, (step, steps, loss) -> context.heartbeat("probes"));
        }
        pretrained.put(request.key(), probe(ProbeStore.PRETRAINED, request, numerics));
        finetuned.put(request.key(), probe(trial.fingerprint(), request, numerics));
        random.put(request.key(), probe(ProbeStore.RANDOM, request, numerics));
      }
    }
    return new Collapse(
        Artifacts.collapse(trial),
        pretrained,
        finetuned,
        random.isEmpty() ? null : random,
        metrics.layers());
  }

  /** The primary metric of the probed task. */
  private Double probe(String encoder, ProbeRequest request, Numerics numerics) throws IOException {
    Map<String, Double> metrics =
        probes
            .find(encoder, request, numerics)
            .orElseThrow(
                () ->
                    new LostArtifactException(
                        request.key()
                            + ", which an earlier step stored, is not in the store: start the study"
                            + " again, which makes anew what is lost"));
    return Metrics.mean(request.dataset().task().spec().metric(), metrics);
  }

  private TrialResult.Collapse measure(Trial trial, String evaluationKey) throws IOException {
    ActivityExecutionContext context = Activity.getExecutionContext();
    int layer = trial.collapse().layer();
    Artifact evaluation = store.get(evaluationKey);
    SnapshotRequest snapshot = SnapshotRequest.validation(trial.dataset(), trial.collapse());
    Numerics numerics = numerics(evaluation);
    Map<Integer, Tensor> pretrained = pretrained(snapshot, numerics, context);
    Map<String, Tensor> evaluated =
        Safetensors.read(store.file(evaluation, Artifacts.REPRESENTATIONS));
    Representations before = matrix(trial, "pre-trained", pretrained.get(layer));
    Representations after = matrix(trial, "fine-tuned", evaluated.get(SnapshotStore.tensor(layer)));
    if (before.n() != after.n()) {
      throw fail(trial, before.n() + " pre-trained and " + after.n() + " fine-tuned rows");
    }
    int[] classes = classes(datasets.load(trial.dataset()));
    context.heartbeat("spectra");
    Spectrum spectrumBefore = spectrum(trial, "pre-trained", before);
    context.heartbeat("spectra");
    Spectrum spectrumAfter = spectrum(trial, "fine-tuned", after);
    context.heartbeat("metrics");
    List<Integer> topK = trial.collapse().topK();
    TrialResult.Collapse metrics =
        new TrialResult.Collapse(
            CollapseMetrics.compute(before, spectrumBefore, before, spectrumBefore, classes, topK),
            CollapseMetrics.compute(after, spectrumAfter, before, spectrumBefore, classes, topK),
            null,
            layers(
                trial,
                snapshots.everyLayer(snapshot, numerics),
                Safetensors.read(store.file(evaluation, Artifacts.LAYERS)),
                context),
            null);
    Spectra spectra = new Spectra(spectrumBefore.singular(), spectrumAfter.singular());
    return measured.put(trial, metrics, spectra, name(trial));
  }

  private static List<TrialResult.Layer> layers(
      Trial trial,
      Map<String, Tensor> pretrained,
      Map<String, Tensor> finetuned,
      ActivityExecutionContext context) {
    List<TrialResult.Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < finetuned.size(); layer++) {
      context.heartbeat("layer " + layer);
      String name = SnapshotStore.tensor(layer);
      Representations before = matrix(trial, "pre-trained", pretrained.get(name));
      Representations after = matrix(trial, "fine-tuned", finetuned.get(name));
      Spectrum spectrumBefore = spectrum(trial, "layer " + layer + ": pre-trained", before);
      Spectrum spectrumAfter = spectrum(trial, "layer " + layer + ": fine-tuned", after);
      layers.add(
          new TrialResult.Layer(
              layer,
              CollapseMetrics.brief(before, spectrumBefore, before, spectrumBefore),
              CollapseMetrics.brief(after, spectrumAfter, before, spectrumBefore)));
    }
    return layers;
  }

  /** Stored before the trial began; one that is lost since is made anew where it gives the bits. */
  private Map<Integer, Tensor> pretrained(
      SnapshotRequest request, Numerics numerics, ActivityExecutionContext context)
      throws IOException {
    try {
      return snapshots.load(request, numerics);
    } catch (LostArtifactException e) {
      if (!numerics.equals(EngineNumerics.current())) {
        throw e;
      }
      maker.ensure(request, (step, steps, loss) -> context.heartbeat("snapshot"));
      return snapshots.load(request, numerics);
    }
  }

  /** Those of the machine that evaluated, which made the snapshot too; this one may differ. */
  private Numerics numerics(Artifact evaluation) throws IOException {
    JsonNode metrics = Json.MAPPER.readTree(store.file(evaluation, Artifacts.METRICS).toFile());
    return Json.MAPPER.treeToValue(metrics.get("numerics"), Numerics.class);
  }

  private static Representations matrix(Trial trial, String which, Tensor tensor) {
    if (tensor == null || tensor.shape().length != 2) {
      throw fail(trial, "no matrix of " + which + " representations for the layer asked for");
    }
    return Representations.of(tensor);
  }

  private static int[] classes(TokenizedDataset dataset) {
    if (dataset.kind() == TaskKind.REGRESSION) {
      return null;
    }
    float[] targets = dataset.splits().get(ResolvedTask.VALIDATION).targets();
    int[] classes = new int[targets.length];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = (int) targets[i];
    }
    return classes;
  }

  private static Spectrum spectrum(Trial trial, String which, Representations z) {
    try {
      return Spectrum.of(z);
    } catch (IllegalArgumentException e) {
      throw fail(trial, which + " " + e.getMessage());
    }
  }

  /** Trying again would find the same representations. */
  private static ApplicationFailure fail(Trial trial, String why) {
    return ApplicationFailure.newNonRetryableFailure(
        "cannot measure collapse of " + name(trial) + ": " + why, NOT_MEASURABLE);
  }

  private static String name(Trial trial) {
    return String.format(
        "%s, %s, %s, seed %d (%s)",
        trial.dataset().task().spec().id(),
        trial.method().id(),
        trial.regime().id(),
        trial.seed(),
        trial.fingerprint().substring(0, Math.min(12, trial.fingerprint().length())));
  }
}
