package io.buttress;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.encoding.ProbeStore;
import io.buttress.model.Split;
import io.buttress.plan.PlanStore;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.StoredModels;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.Planner;
import io.buttress.study.ProbeRequest;
import io.buttress.study.SnapshotRequest;
import io.buttress.study.Studies;
import io.buttress.study.StudyParser;
import io.buttress.study.StudyPlan;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskCatalog;
import io.buttress.study.Trial;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stored work is found by stays what it was: every artifact key, fingerprint and study key of
 * one study with all regimes, selection, probes, out-of-distribution sets and a trajectory. Whoever
 * changes one makes users train everything again: raise a format version, say so in
 * docs/operations.md, and write {@code golden/stored-names.json} anew, from the failure's message.
 */
final class StoredNamesTest {
  private static final String STUDY =
      """
      {"name": "golden",
       "models": ["file:/models/one", "hf:org/two@main"],
       "tasks": [{"id": "rte", "train": "file:/data/rte.tsv", "validation": "file:/data/rte-dev.tsv"},
         {"id": "mine", "kind": "classification", "labels": ["ham", "other", "spam"],
          "train": "file:/data/train.tsv", "validation": "file:/data/dev.jsonl",
          "test": "file:/data/test.parquet", "columns": ["body", "class"], "text": ["body"],
          "label": "class", "metric": ["accuracy", "macro_f1"], "limit": 4000,
          "outOfDistribution": ["file:/data/other.tsv",
            {"file": "file:/data/third.csv", "name": "third", "text": ["words"], "label": "y",
             "labels": {"good": "ham", "bad": ["spam", "other"]}, "drop": ["?"]}]},
         {"id": "score", "kind": "regression", "train": "file:/data/s-train.csv",
          "validation": "file:/data/s-dev.csv", "text": ["a", "b"], "label": "score",
          "metric": ["pearson", "spearman"]}],
       "methods": [{"id": "stl"}, {"id": "repina-i", "lambda": [0.01, 0.1]},
         {"id": "repina-mlp", "layers": [-2, -1], "pooling": "mean"}, {"id": "wc"},
         {"id": "r3f"}, {"id": "mixout"}],
       "seeds": [1, 2],
       "regimes": [{"id": "full"}, {"id": "few-shot", "examples": [250]},
         {"id": "label-noise", "fraction": [0.05]}],
       "training": {"learningRate": [2e-5, 5e-5], "epochs": 3, "patience": 2,
         "evaluateEvery": 50, "microBatchSize": 8},
       "selection": {"fraction": 0.1},
       "collapse": {"topK": [5, 10], "layer": -1, "pooling": "cls", "trajectory": 4,
         "probes": [{"id": "cola", "train": "file:/data/cola.tsv",
           "validation": "file:/data/cola-dev.tsv"}]},
       "execution": {"keepModels": "best"}}
      """;
  private static final Numerics NUMERICS = new Numerics("cpu", 2, "avx2");

  @TempDir Path home;

  @Test
  void staysAsItWas() throws IOException {
    Map<String, String> names = names();

    try (InputStream golden = getClass().getResourceAsStream("/golden/stored-names.json")) {
      assertThat(Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(names))
          .isEqualTo(new String(golden.readAllBytes(), UTF_8).strip());
    }
  }

  private Map<String, String> names() throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (String of : List.of("", "selection", "trajectory", "probes")) {
      StudyPlan plan = Planner.plan(Studies.resolve(study(of)));
      String title = of.isEmpty() ? "whole" : "without " + of;
      names.put("study key, " + title, plan.studyKey());
      names.put(
          "fingerprints, " + title,
          Json.sha256(plan.trials().stream().map(Trial::fingerprint).toList()));
      names.put(
          "refits, " + title,
          Json.sha256(plan.trials().stream().map(Planner::refit).map(Trial::fingerprint).toList()));
    }
    StudyPlan plan = Planner.plan(Studies.resolve(study("")));
    ArtifactStore store =
        new ArtifactStore(new DirectoryObjectStore(home.resolve("store")), home.resolve("cache"));
    names.put("plan", new PlanStore(store).put(plan.trials()));
    names.put("plan of files", Artifacts.plan(Map.of("trials-0.json", "a")));
    names.put("model", Artifacts.model("1".repeat(64)));
    names.put("data", Artifacts.data(new Blob("2".repeat(64), 3)));
    names.put("report", Artifacts.report(Map.of("report.json", "{}")));
    plan.datasets()
        .forEach(request -> names.put("dataset " + name(request), Artifacts.dataset(request)));
    for (Trial trial : plan.trials()) {
      if (trial.seed() == 1 && trial.training().learningRate() == 2e-5) {
        artifacts(trial, names);
      }
    }
    return names;
  }

  private static void artifacts(Trial trial, Map<String, String> names) {
    String title =
        "%s, %s %s, %s"
            .formatted(
                name(trial.dataset()),
                trial.method().id(),
                trial.method().parameters().getOrDefault("lambda", ""),
                trial.regime().id());
    Map<String, String> own = new LinkedHashMap<>();
    own.put("fingerprint", trial.fingerprint());
    own.put("refit", Planner.refit(trial).fingerprint());
    for (SnapshotRequest request : trial.snapshots()) {
      Split inputs = new Split(new int[][] {{1, 2}, {3}}, new int[][] {{0, 0}, {0}}, new float[2]);
      own.put(
          "snapshot " + request.split(),
          Artifacts.snapshot(request, inputs.inputsDigest(), NUMERICS));
    }
    String fit = Artifacts.fit(trial, NUMERICS, false);
    own.put("fit", fit);
    own.put("fit with model", Artifacts.fit(trial, NUMERICS, true));
    own.put("evaluation", Artifacts.evaluation(trial, NUMERICS));
    own.put("collapse", Artifacts.collapse(trial));
    for (ProbeRequest request : trial.probeRequests()) {
      for (String encoder :
          List.of(ProbeStore.PRETRAINED, ProbeStore.RANDOM, trial.fingerprint())) {
        String of = encoder.equals(trial.fingerprint()) ? "finetuned" : encoder;
        own.put(request.key() + " " + of, Artifacts.probe(encoder, request, NUMERICS));
      }
    }
    String study = "3".repeat(64);
    own.put("result", Artifacts.result(study, "run", trial));
    own.put("result of a failure", Artifacts.result(study, "run", "workflow-run", trial));
    own.put("checkpoints", CheckpointKeys.attempt(trial.fingerprint(), "run-1"));
    own.put("competing model", StoredModels.trained(trial.fingerprint(), fit));
    names.put(title, Json.sha256(own));
    if (title.startsWith("mine, file:/models/one")) {
      own.forEach((what, key) -> names.put(title + ": " + what, key));
    }
  }

  private static String name(DatasetRequest request) {
    return request.task().spec().id() + ", " + request.model().uri();
  }

  /**
   * @param without which field of the study; empty: none
   */
  private static StudySpec study(String without) throws IOException {
    Map<String, Object> study =
        Json.MAPPER.readValue(
            STUDY,
            Json.MAPPER
                .getTypeFactory()
                .constructMapType(TreeMap.class, String.class, Object.class));
    if (without.equals("selection")) {
      study.remove(without);
      @SuppressWarnings("unchecked")
      Map<String, Object> training = (Map<String, Object>) study.get("training");
      training.keySet().removeAll(List.of("patience", "evaluateEvery"));
    } else {
      ((Map<?, ?>) study.get("collapse")).remove(without);
    }
    return new StudyParser(TaskCatalog.builtIn()).parse(Json.MAPPER.writeValueAsBytes(study));
  }
}
