package io.buttress.study;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All kinds of artifacts: for each the inputs that decide its key, and the files that it holds.
 *
 * <p>An artifact is found by the sha256 of its kind, its format version and these inputs, so that
 * equal work is done once. Raise the version when the files of equal inputs change, and say so in
 * docs/operations.md: users make everything of that kind anew. {@code StoredNamesTest} pins all of
 * it.
 */
public final class Artifacts {

  /** An imported model: the files of a Hugging Face folder, under their names there. */
  public static String model(String digest) {
    return new Inputs("model").with("digest", digest).key();
  }

  /** {@link #data}'s file. */
  public static final String DATA = "data";

  /** An imported data file. No other artifact names it, and what none names is pruned. */
  public static String data(Blob file) {
    return new Inputs("data").with("sha256", file.sha256()).key();
  }

  /**
   * The trials of a plan, in pages.
   *
   * @param files sha256 by name
   */
  public static String plan(Map<String, String> files) {
    return new Inputs("plan").with("files", files).key();
  }

  /** {@link #dataset}'s kind, labels and splits. */
  public static final String DATASET = "dataset.json";

  /** A task tokenized for a model: {@link #DATASET} and the {@link #tokens} of every split. */
  public static String dataset(DatasetRequest request) {
    return new Inputs("dataset", 1)
        .with("model", request.model().digest())
        .with("maxLength", request.maxLength())
        .with(examples(request.task()))
        .key();
  }

  public static String tokens(String split) {
    return split + ".safetensors";
  }

  /**
   * What decides a task's examples, which is part of a trial's fingerprint as well: the bytes of
   * its files and how they are read, not where they came from.
   */
  static Map<String, Object> examples(ResolvedTask task) {
    TaskSpec spec = task.spec();
    Map<String, Object> files = new TreeMap<>();
    task.splits()
        .forEach((split, file) -> files.put(split, List.of(file.format(), file.blob().sha256())));
    Map<String, Object> examples = new TreeMap<>();
    examples.put("kind", spec.kind());
    examples.put("labels", spec.labels());
    examples.put("columns", spec.columns());
    examples.put("text", spec.text());
    examples.put("label", spec.label());
    examples.put("limit", spec.limit());
    examples.put("splits", files);
    if (!spec.outOfDistributionReadings().isEmpty()) {
      examples.put("outOfDistribution", spec.outOfDistributionReadings());
    }
    return examples;
  }

  /** Representations of a split by the layers that were asked for. */
  public static final String REPRESENTATIONS = "representations.safetensors";

  /** Representations of the first examples by every layer. */
  public static final String LAYERS = "layers.safetensors";

  /**
   * What the pre-trained encoder makes of a split: {@link #REPRESENTATIONS}, {@link #LAYERS}.
   *
   * @param inputs digest of the token ids; labels have no part in it, so label noise shares
   *     snapshots
   */
  public static String snapshot(SnapshotRequest request, String inputs, Numerics numerics) {
    return new Inputs("snapshot", 4)
        .with("model", request.dataset().model().digest())
        .with("inputs", inputs)
        .with("layers", request.layers())
        .with("pooling", request.pooling())
        .with("numerics", numerics)
        .key();
  }

  /** How a training run went. */
  public static final String FIT = "fit.json";

  /** What was measured during training. */
  public static final String HISTORY = "history.csv";

  public static final String LABEL_NOISE = "label-noise.csv";

  /** Below it, the files of a fit's model. */
  public static final String MODEL = "model/";

  /**
   * A training run: {@link #FIT}, {@link #HISTORY}, {@link #LABEL_NOISE} where the regime made
   * labels wrong, and the files of its model below {@link #MODEL} when that is kept.
   */
  public static String fit(Trial trial, Numerics numerics, boolean keepsModel) {
    return new Inputs("fit", 3)
        .with("fingerprint", trial.fingerprint())
        .with("model", keepsModel)
        .with("numerics", numerics)
        .key();
  }

  /** {@link #evaluation}'s metrics by split. */
  public static final String METRICS = "metrics.json";

  /**
   * A fine-tuned model, evaluated: {@link #METRICS}, the {@link #predictions} for every split, and
   * of the validation set {@link #REPRESENTATIONS} and {@link #LAYERS}.
   */
  public static String evaluation(Trial trial, Numerics numerics) {
    return new Inputs("evaluation", 4)
        .with("fingerprint", trial.fingerprint())
        .with("layer", trial.collapse().layer())
        .with("pooling", trial.collapse().pooling())
        .with("numerics", numerics)
        .key();
  }

  public static String predictions(String split) {
    return "predictions-" + split.replace(':', '-') + ".csv";
  }

  /** {@link #probe}'s metrics. */
  public static final String PROBE = "probe.json";

  /**
   * What a probe of an encoder reaches: {@link #PROBE}.
   *
   * @param encoder a trial's fingerprint, or which encoder it is that was not fine-tuned
   */
  public static String probe(String encoder, ProbeRequest request, Numerics numerics) {
    return new Inputs("probe", 3)
        .with("encoder", encoder)
        .with("dataset", dataset(request.dataset()))
        .with("layer", request.layer())
        .with("pooling", request.pooling())
        .with("numerics", numerics)
        .key();
  }

  /** {@link #collapse}'s metrics, before and after fine-tuning. */
  public static final String COLLAPSE = "collapse.json";

  /** Singular values, before and after fine-tuning. */
  public static final String SPECTRUM = "spectrum.csv";

  public static final String SPECTRUM_CHART = "spectrum.png";

  /** A trial's collapse: {@link #COLLAPSE}, {@link #SPECTRUM}, {@link #SPECTRUM_CHART}. */
  public static String collapse(Trial trial) {
    return new Inputs("collapse", 3)
        .with("fingerprint", trial.fingerprint())
        .with("collapse", trial.collapse())
        .key();
  }

  /** A trial's line of the report. */
  public static final String RESULT = "result.json";

  /**
   * A trial's result that stands: {@link #RESULT}, and its evaluation's {@link #predictions} for
   * the validation set.
   *
   * @param studyRun of the study on the tracking server; null without
   */
  public static String result(String studyKey, String studyRun, Trial trial) {
    return results(studyKey, studyRun, trial).key();
  }

  /**
   * {@link #RESULT} of a trial that failed or was cancelled in one run of its study: a later run
   * tries again.
   */
  public static String result(String studyKey, String studyRun, String workflowRunId, Trial trial) {
    return results(studyKey, studyRun, trial).with("workflowRunId", workflowRunId).key();
  }

  /** A result names its run and its model, so the experiment and what is kept are part of it. */
  private static Inputs results(String studyKey, String studyRun, Trial trial) {
    return new Inputs("result", 4)
        .with("studyKey", studyKey)
        .with("fingerprint", trial.fingerprint())
        .with("collapse", trial.collapse())
        .with("studyRun", studyRun)
        .with("keepModel", trial.keepsModel());
  }

  public static final String REPORT_JSON = "report.json";
  public static final String REPORT_HTML = "report.html";
  public static final String REPORT_MARKDOWN = "report.md";
  public static final String REPORT_LATEX = "tables.tex";
  public static final String REPORT_TRIALS = "trials.csv";

  /**
   * A study's report: {@link #REPORT_JSON}, {@link #REPORT_HTML}, {@link #REPORT_MARKDOWN}, {@link
   * #REPORT_LATEX}, {@link #REPORT_TRIALS}. A study that is repeated with more results has another.
   *
   * @param texts by file
   */
  public static String report(Map<String, String> texts) {
    return new Inputs("report", 1).with("content", Json.sha256(texts)).key();
  }

  private Artifacts() {}

  /** What decides a key, gathered. */
  private static final class Inputs {
    private final Map<String, Object> inputs = new TreeMap<>();

    /** Of a kind whose files are the inputs, which needs no version. */
    Inputs(String kind) {
      with("artifact", kind);
    }

    Inputs(String kind, int formatVersion) {
      this(kind);
      with("version", formatVersion);
    }

    Inputs with(String name, Object value) {
      inputs.put(name, value);
      return this;
    }

    Inputs with(Map<String, Object> others) {
      inputs.putAll(others);
      return this;
    }

    String key() {
      return Json.sha256(inputs);
    }
  }
}
