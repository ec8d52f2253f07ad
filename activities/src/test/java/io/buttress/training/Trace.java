package io.buttress.training;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What a training run on the golden model leaves behind: the numbers of its history but times, and
 * every weight.
 */
record Trace(List<MetricPoint> points, Map<String, List<Float>> weights) {
  private static final Split SPLIT = Golden.split("two");

  static Trace of(Method method, double dropout) {
    return of(method, dropout, Golden.SEED, 2, r -> r);
  }

  /**
   * @param epochs of five steps each
   * @param around what is done to the method before it is used
   */
  static Trace of(
      Method method,
      double dropout,
      long seed,
      double epochs,
      UnaryOperator<FineTuningMethod> around) {
    try (TextClassifier model = Golden.model(2, dropout)) {
      FineTuningMethod regularizer =
          MethodRegistry.create(
              Golden.context(
                  method,
                  TaskKind.CLASSIFICATION,
                  seed,
                  model,
                  Golden.snapshot(method, model, SPLIT),
                  Noise.ENGINE));
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(epochs, null), seed)
              .fit(model, around.apply(regularizer), (step, steps, loss) -> {});
      return new Trace(
          fit.history().stream()
              .filter(point -> !point.metric().equals("examples_per_second"))
              .map(point -> new MetricPoint(point.metric(), point.step(), 0, point.value()))
              .toList(),
          weights(model));
    }
  }

  /** The golden model's weights before training. */
  static Map<String, List<Float>> initial() {
    try (TextClassifier model = Golden.model(2, 0)) {
      return weights(model);
    }
  }

  /** The values of a metric, step by step. */
  List<Double> values(String metric) {
    return points.stream()
        .filter(point -> point.metric().equals(metric))
        .map(MetricPoint::value)
        .toList();
  }

  private static Map<String, List<Float>> weights(TextClassifier model) {
    Map<String, List<Float>> weights = new TreeMap<>();
    model.parameters().forEach((name, array) -> weights.put(name, list(array)));
    return weights;
  }

  private static List<Float> list(NDArray array) {
    float[] values = array.toFloatArray();
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }
}
