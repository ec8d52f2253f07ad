package io.buttress.plan;

import io.buttress.study.Method;
import io.buttress.study.Studies;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trial;
import io.buttress.study.Trials;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Trials of a search for settings. */
final class Searches {
  private Searches() {}

  static Trial trial(String task, Method method, double learningRate, long seed) {
    TaskSpec spec =
        TaskSpecBuilder.from(Studies.task(task)).metric(List.of("accuracy", "f1")).build();
    Training training =
        TrainingBuilder.from(Training.DEFAULT).learningRate(learningRate).minSteps(0).build();
    return Trials.of(
        Trials.trial()
            .dataset(Trials.dataset(spec))
            .method(method)
            .seed(seed)
            .training(training)
            .selection(0.1));
  }

  static Trial trial(Method method, long seed) {
    return trial("t", method, 2e-5, seed);
  }

  static Method repina(double lambda, String pooling) {
    return new Method("repina-i", new TreeMap<>(Map.of("lambda", lambda, "pooling", pooling)));
  }
}
