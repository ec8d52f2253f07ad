package io.buttress.study;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Trials for tests, and what comes of them; what a test is not about is filled in. */
public final class Trials {
  private Trials() {}

  /** Standard fine-tuning. */
  public static Method stl() {
    return new Method("stl", new TreeMap<>());
  }

  /** REPINA with identity projection, at the last layer's [CLS]. */
  public static Method repina(double lambda) {
    return new Method(
        "repina-i",
        new TreeMap<>(Map.of("lambda", lambda, "layers", List.of(-1), "pooling", "cls")));
  }

  /** A task tokenized for a tiny model; there are no files. */
  public static DatasetRequest dataset(TaskSpec task) {
    return new DatasetRequest(
        new ResolvedModel("file:/models/tiny", "1".repeat(64), "2".repeat(64)),
        new ResolvedTask(task, new TreeMap<>()),
        128);
  }

  /** Standard fine-tuning on a toy task with seed 1, which keeps no model. */
  public static TrialBuilder trial() {
    return TrialBuilder.builder()
        .dataset(dataset(Studies.task("toy")))
        .method(stl())
        .regime(Regime.FULL)
        .seed(1)
        .training(Training.DEFAULT)
        .collapse(CollapseSpec.DEFAULT)
        .checkpointSeconds(60);
  }

  /** Builds a trial; its fingerprint is the digest of all else. */
  public static Trial of(TrialBuilder trial) {
    return trial.fingerprint(Json.sha256(trial.fingerprint(null).build())).build();
  }

  /** What comes of a trial: 10 steps in 1.5 seconds, and no metrics. */
  public static TrialResultBuilder result(Trial trial) {
    return TrialResultBuilder.builder()
        .model(trial.dataset().model().uri())
        .task(trial.dataset().task().spec().id())
        .method(trial.method().id())
        .parameters(trial.method().parameters())
        .regime(trial.regime().id())
        .seed(trial.seed())
        .status(TrialStatus.DONE)
        .steps(10)
        .trainSeconds(1.5)
        .examplesPerSecond(20.0)
        .fingerprint(trial.fingerprint());
  }
}
