package io.buttress.report;

import io.buttress.collapse.Spectra;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A made-up study of three tasks, four settings and five seeds; one run diverged, one failed. */
final class SampleStudy {
  static final String KEY = Json.sha256("sample study");
  static final List<ReportedTask> TASKS =
      List.of(
          new ReportedTask("rte", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.527, 2000),
          new ReportedTask("cola", TaskKind.CLASSIFICATION, List.of("matthews"), 0.0, 2000),
          new ReportedTask("stsb", TaskKind.REGRESSION, List.of("pearson", "spearman"), 0.0, 2000));

  private static final int HIDDEN = 384;

  private SampleStudy() {}

  static StudyReport report() {
    return StudyReport.of("repina-on-small-glue", KEY, trials(), TASKS);
  }

  static List<TrialResult> trials() {
    List<TrialResult> trials = new ArrayList<>();
    double[] levels = {0.62, 0.41, 0.84};
    for (int task = 0; task < TASKS.size(); task++) {
      String id = TASKS.get(task).id();
      for (int setting = 0; setting < 4; setting++) {
        for (int seed = 1; seed <= 5; seed++) {
          Random random = new Random(100L * task + 10L * setting + seed);
          double value = levels[task] + 0.012 * setting + 0.02 * random.nextGaussian();
          if (id.equals("cola") && setting == 0 && seed == 3) {
            trials.add(ended(id, setting, seed, TrialStatus.DIVERGED, "loss is NaN at step 412"));
          } else if (id.equals("rte") && setting == 2 && seed == 5) {
            trials.add(
                ended(id, setting, seed, TrialStatus.ERROR, "out of memory in step 3 (batch 32)"));
          } else {
            trials.add(done(id, setting, seed, value, random));
          }
        }
      }
    }
    return trials;
  }

  static Map<String, Spectra> spectra() {
    Map<String, Spectra> spectra = new LinkedHashMap<>();
    for (TrialResult trial : trials()) {
      if (trial.status() == TrialStatus.DONE) {
        double rate = trial.method().equals("stl") ? 40 : trial.method().equals("wc") ? 90 : 160;
        spectra.put(trial.fingerprint(), new Spectra(spectrum(400), spectrum(rate)));
      }
    }
    return spectra;
  }

  private static double[] spectrum(double rate) {
    double[] values = new double[HIDDEN];
    for (int i = 0; i < HIDDEN; i++) {
      values[i] = 60 * Math.pow(i + 1, -0.7) * Math.exp(-i / rate);
    }
    return values;
  }

  private static TrialResult done(String task, int setting, int seed, double value, Random random) {
    Map<String, Double> validation = new TreeMap<>();
    switch (task) {
      case "rte" -> validation.put("accuracy", value);
      case "cola" -> {
        validation.put("accuracy", 0.75);
        validation.put("matthews", value);
        validation.put("f1", null);
      }
      default -> {
        validation.put("pearson", value);
        validation.put("spearman", value - 0.01);
      }
    }
    return result(
        task,
        setting,
        seed,
        TrialStatus.DONE,
        null,
        validation,
        new TrialResult.Collapse(
            collapse(118.4, 1),
            collapse(40 + 15 * setting, random.nextDouble()),
            null,
            layers(setting),
            trajectory(setting)));
  }

  private static List<TrialResult.Layer> layers(int setting) {
    return IntStream.rangeClosed(0, 6)
        .mapToObj(
            layer ->
                new TrialResult.Layer(
                    layer,
                    brief(60 + 10 * layer, layer == 0 ? null : 1.0),
                    brief(60 + layer * (1 + setting), layer == 0 ? null : 1 - 0.1 * layer)))
        .toList();
  }

  private static List<TrialResult.Moment> trajectory(int setting) {
    return IntStream.rangeClosed(0, 4)
        .mapToObj(
            moment ->
                new TrialResult.Moment(
                    25 * moment, brief(118 - moment * (20 - setting), 1 - 0.2 * moment)))
        .toList();
  }

  private static Map<String, Double> brief(double rank, Double cka) {
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("effective_rank", rank);
    metrics.put("mean_cosine", 0.4);
    metrics.put("cka_pretrained", cka);
    return metrics;
  }

  private static TrialResult ended(
      String task, int setting, int seed, TrialStatus status, String failure) {
    return result(task, setting, seed, status, failure, null, null);
  }

  private static TrialResult result(
      String task,
      int setting,
      int seed,
      TrialStatus status,
      String failure,
      Map<String, Double> validation,
      TrialResult.Collapse collapse) {
    TreeMap<String, Object> parameters = new TreeMap<>();
    if (setting > 0) {
      parameters.put("lambda", new double[] {0, 0.01, 0.1, 1}[setting]);
    }
    if (setting == 1 || setting == 2) {
      parameters.put("layers", List.of(-1));
      parameters.put("pooling", "cls");
    }
    boolean done = status == TrialStatus.DONE;
    return TrialResultBuilder.builder()
        .model("hf:sentence-transformers/all-MiniLM-L6-v2")
        .task(task)
        .method(new String[] {"stl", "repina-i", "repina-i", "wc"}[setting])
        .parameters(parameters)
        .regime("full")
        .seed(seed)
        .status(status)
        .failure(failure)
        .steps(done ? 234 : null)
        .trainSeconds(done ? 61.7 + seed : null)
        .examplesPerSecond(done ? 121.3 : null)
        .validation(validation)
        .outOfDistribution(
            done && task.equals("cola") ? Map.of("out_of_domain_dev", validation) : null)
        .collapse(collapse)
        .mlflowRunId("8f14e45fceea167a5a36dedd4bea2543")
        .fingerprint(Json.sha256(List.of(task, setting, seed)))
        .build();
  }

  private static Map<String, Double> collapse(double rank, double cka) {
    Map<String, Double> metrics = new TreeMap<>();
    for (int k : List.of(5, 10, 20)) {
      metrics.put("gm_" + k, rank / k);
      metrics.put("hm_" + k, rank / k / 2);
      metrics.put("gm_rel_" + k, rank / k / 12);
      metrics.put("hm_rel_" + k, rank / k / 24);
    }
    metrics.put("gm_100", Double.NaN);
    metrics.put("effective_rank", rank);
    metrics.put("mean_cosine", 60 / (rank + 60));
    metrics.put("cka_pretrained", cka);
    metrics.put("nc1", null);
    return metrics;
  }
}
