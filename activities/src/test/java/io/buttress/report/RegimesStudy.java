package io.buttress.report;

import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A made-up study with grids, few examples and wrong labels; a run of stl diverged. */
final class RegimesStudy {
  static final List<ReportedTask> TASKS =
      List.of(
          new ReportedTask("cola", TaskKind.CLASSIFICATION, List.of("matthews"), 0.0, 8551),
          new ReportedTask("mrpc", TaskKind.CLASSIFICATION, List.of("accuracy", "f1"), 0.748, 3668),
          new ReportedTask("stsb", TaskKind.REGRESSION, List.of("pearson", "spearman"), 0.0, 5749));

  private static final List<String> REGIMES =
      List.of("full", "few-shot-250", "few-shot-500", "label-noise-0.1", "label-noise-0.3");

  private record Variant(String method, String parameter, double... values) {}

  private static final List<Variant> METHODS =
      List.of(
          new Variant("stl", null, 0),
          new Variant("repina-i", "lambda", 1e-4, 1e-3, 1e-2, 1e-1, 1),
          new Variant("wc", "lambda", 0.01, 0.1, 1),
          new Variant("r3f", "lambda", 1),
          new Variant("mixout", "p", 0.5, 0.7, 0.9));

  private RegimesStudy() {}

  static StudyReport report() {
    return StudyReport.of("regimes", SampleStudy.KEY, trials(), TASKS);
  }

  static List<TrialResult> trials() {
    List<TrialResult> trials = new ArrayList<>();
    for (ReportedTask task : TASKS) {
      for (String regime : REGIMES) {
        if (task.kind() == TaskKind.REGRESSION && regime.startsWith("label-noise")) {
          continue;
        }
        for (Variant variant : METHODS) {
          for (double value : variant.values()) {
            for (int seed = 1; seed <= 3; seed++) {
              trials.add(trial(task, regime, variant, value, seed));
            }
          }
        }
      }
    }
    return trials;
  }

  private static TrialResult trial(
      ReportedTask task, String regime, Variant variant, double value, int seed) {
    Random random =
        new Random(
            Json.sha256(List.of(task.id(), regime, variant.method(), value, seed)).hashCode());
    double strength =
        variant.parameter() == null ? 0 : 1 + 0.2 * Math.log10(value) + 0.1 * random.nextGaussian();
    double loss = regime.equals("few-shot-250") ? 0.2 : regime.endsWith("500") ? 0.12 : 0;
    double noise = regime.endsWith("0.1") ? 0.1 : regime.endsWith("0.3") ? 0.3 : 0;
    double quality =
        0.62
            + 0.05 * strength * (1 - strength)
            + 0.04 * strength * noise
            - loss
            - noise * (1 - 0.5 * strength)
            + 0.012 * random.nextGaussian();
    Map<String, Double> validation = new TreeMap<>();
    for (String key : task.metric()) {
      validation.put(key, key.equals("f1") ? quality + 0.24 : quality + 0.15);
    }
    boolean diverged = variant.method().equals("stl") && regime.equals("full") && seed == 2;
    TreeMap<String, Object> parameters = new TreeMap<>();
    if (variant.parameter() != null) {
      parameters.put(variant.parameter(), value);
    }
    Map<String, Double> elsewhere = new TreeMap<>();
    validation.forEach((key, found) -> elsewhere.put(key, found - 0.1));
    return TrialResultBuilder.builder()
        .model("hf:sentence-transformers/all-MiniLM-L6-v2")
        .task(task.id())
        .method(variant.method())
        .parameters(parameters)
        .regime(regime)
        .seed(seed)
        .status(diverged ? TrialStatus.DIVERGED : TrialStatus.DONE)
        .failure(diverged ? "loss is NaN at step 41" : null)
        .steps(400)
        .trainSeconds(60.0 * (variant.method().equals("r3f") ? 2.1 : 1) + random.nextInt(6))
        .examplesPerSecond(120.0)
        .validation(diverged ? null : validation)
        .outOfDistribution(
            diverged || !task.id().equals("cola") ? null : Map.of("out_of_domain_dev", elsewhere))
        .flipped(
            diverged || noise == 0
                ? null
                : Map.of("memorized", 0.8 - 0.5 * strength, "recovered", 0.2 + 0.5 * strength))
        .collapse(diverged ? null : collapse(40 + 60 * strength + 3 * random.nextGaussian()))
        .fingerprint(Json.sha256(List.of(task.id(), regime, variant.method(), value, seed)))
        .build();
  }

  private static TrialResult.Collapse collapse(double rank) {
    return new TrialResult.Collapse(metrics(118.4), metrics(rank), null, null, null);
  }

  private static Map<String, Double> metrics(double rank) {
    Map<String, Double> metrics = new TreeMap<>();
    for (int k : List.of(5, 10, 20)) {
      for (String mean : List.of("gm_", "hm_", "gm_rel_", "hm_rel_")) {
        metrics.put(mean + k, Math.exp(rank / 20) / k);
      }
    }
    metrics.put("gm_rel_50", null);
    metrics.put("effective_rank", rank);
    metrics.put("mean_cosine", 60 / (rank + 60));
    metrics.put("cka_pretrained", Math.min(1, rank / 118.4));
    return metrics;
  }
}
