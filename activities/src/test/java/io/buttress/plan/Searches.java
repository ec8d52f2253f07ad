package io.buttress.plan;

import io.buttress.study.CollapseSpec;
import io.buttress.study.DatasetRequest;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.Training;
import io.buttress.study.Trial;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Trials of a search for settings. */
final class Searches {
  private Searches() {}

  static Trial trial(String task, Method method, double learningRate, long seed) {
    TaskSpec spec =
        new TaskSpec(
            task,
            TaskKind.CLASSIFICATION,
            List.of("a", "b"),
            null,
            null,
            null,
            null,
            null,
            List.of("text"),
            "label",
            List.of("accuracy", "f1"),
            null,
            null);
    Training training =
        new Training(
            3,
            32,
            learningRate,
            0.06,
            128,
            "fp32",
            0.01,
            1.0,
            "linear",
            null,
            null,
            0,
            null,
            null,
            null);
    return new Trial(
        Json.sha256(List.of(task, method, learningRate, seed)),
        new DatasetRequest(
            new ResolvedModel("file:/m", "k", "d"), new ResolvedTask(spec, new TreeMap<>()), 128),
        method,
        Regime.FULL,
        seed,
        training,
        0.1,
        CollapseSpec.DEFAULT,
        false,
        false,
        false,
        60,
        List.of());
  }

  static Trial trial(Method method, long seed) {
    return trial("t", method, 2e-5, seed);
  }

  static Method stl() {
    return new Method("stl", new TreeMap<>());
  }

  static Method repina(double lambda, String pooling) {
    return new Method("repina-i", new TreeMap<>(Map.of("lambda", lambda, "pooling", pooling)));
  }
}
