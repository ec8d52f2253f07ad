package io.buttress.tracking;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.MeasureCollapse.Collapse;
import io.buttress.activity.TrackRun.Outcome;
import io.buttress.result.MetricHistory;
import io.buttress.result.MetricPoint;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.StoredModels;
import io.buttress.study.Blob;
import io.buttress.study.DataFile;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import io.buttress.study.Trials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A trial and artifacts as the activities before tracking leave them. */
final class FinishedTrial {
  static final int STEPS = 700;

  private FinishedTrial() {}

  /**
   * @param token makes its artifacts and fingerprint differ from those of other tests
   */
  static Trial trial(String token) {
    return trial(token, false);
  }

  /**
   * @param onlyBest whether it keeps its model only as the best
   */
  static Trial trial(String token, boolean onlyBest) {
    TaskSpec task =
        TaskSpecBuilder.builder()
            .id("cola")
            .kind(TaskKind.CLASSIFICATION)
            .labels(List.of("0", "1"))
            .train("file:/train.tsv")
            .validation("file:/dev.tsv")
            .format("tsv")
            .text(List.of("sentence"))
            .label("label")
            .metric(List.of("matthews"))
            .build();
    DataFile file = new DataFile("file:/train.tsv", "tsv", new Blob("0".repeat(64), 1));
    return Trials.trial()
        .fingerprint(Json.sha256(token))
        .dataset(
            new DatasetRequest(
                new ResolvedModel("file:/models/minilm", "1".repeat(64), "2".repeat(64)),
                new ResolvedTask(task, new TreeMap<>(Map.of("train", file, "validation", file))),
                128))
        .method(Trials.repina(0.01))
        .keepModel(true)
        .onlyBest(onlyBest)
        .build();
  }

  /** What a trial that ran to its end hands over; its files are in the store. */
  static Outcome outcome(ArtifactStore store, String token, Path scratch) throws IOException {
    return outcome(store, trial(token), token, 0.5, scratch);
  }

  /**
   * @param matthews the primary metric
   */
  static Outcome outcome(
      ArtifactStore store, Trial trial, String token, double matthews, Path scratch)
      throws IOException {
    List<MetricPoint> history = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      long time = 1_700_000_000_000L + 100L * step;
      history.add(new MetricPoint("loss", step, time, 1.0 / (step + 1)));
      history.add(new MetricPoint("learning_rate", step, time, 2e-5));
    }
    Path csv = scratch.resolve("history.csv");
    MetricHistory.write(csv, history);
    Map<String, Path> fit = new LinkedHashMap<>();
    fit.put("history.csv", csv);
    fit.put("fit.json", text(scratch, "{}"));
    Map<String, Path> model = new LinkedHashMap<>();
    model.put("config.json", text(scratch, "{\"model_type\":\"bert\"}"));
    model.put("model.safetensors", text(scratch, "weights of " + token));
    String fitKey = Json.sha256("fit" + token);
    if (trial.competes()) {
      new StoredModels(store.objects())
          .put(StoredModels.trained(trial.fingerprint(), fitKey), model);
    } else {
      model.forEach((name, file) -> fit.put("model/" + name, file));
    }
    store.put(fitKey, fit);
    String evaluationKey =
        store
            .put(
                Json.sha256("evaluation" + token),
                Map.of(
                    "metrics.json", text(scratch, "{}"),
                    "predictions-validation.csv", text(scratch, "index,target\n0,1\n"),
                    "predictions-ood-news.csv", text(scratch, "index,target\n0,0\n"),
                    "representations.safetensors", text(scratch, "large")))
            .key();
    String collapseKey =
        store
            .put(
                Json.sha256("collapse" + token),
                Map.of(
                    "collapse.json", text(scratch, "{}"),
                    "spectrum.csv", text(scratch, "index,pretrained,finetuned\n"),
                    "spectrum.png", text(scratch, "png")))
            .key();
    Map<String, Map<String, Double>> metrics = new HashMap<>();
    metrics.put("validation", Map.of("accuracy", 0.75, "matthews", matthews));
    metrics.put("ood:news", new HashMap<>(Map.of("accuracy", 0.625)));
    metrics.get("ood:news").put("matthews", null);
    Map<String, Double> finetuned = new HashMap<>(Map.of("effective_rank", 12.5));
    finetuned.put("nc1", null);
    return new Outcome(
        TrialStatus.DONE,
        null,
        new FineTuned(TrialStatus.DONE, null, fitKey, evaluationKey, STEPS, 61.5, 364.25, metrics),
        new Collapse(collapseKey, Map.of("effective_rank", 99.0), finetuned, null, List.of()));
  }

  private static Path text(Path scratch, String text) throws IOException {
    return Files.writeString(Files.createTempFile(scratch, "file-", ""), text);
  }
}
