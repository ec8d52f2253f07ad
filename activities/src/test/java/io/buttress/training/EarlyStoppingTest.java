package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.evaluation.Metrics;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.TrialStatus;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EarlyStoppingTest {
  private static final Progress SILENT = (step, steps, loss) -> {};

  /** A trained model's selection metrics, from scratch, and how its training went. */
  private record Ended(Fit fit, Map<String, Double> metrics) {
    List<MetricPoint> points(String metric) {
      return fit.history().stream().filter(point -> point.metric().equals(metric)).toList();
    }

    List<Double> values(String metric) {
      return points(metric).stream().map(MetricPoint::value).toList();
    }
  }

  private static Training training(int steps, int minSteps, Integer patience, Integer every) {
    return TrainingBuilder.from(Training.DEFAULT)
        .batchSize(5)
        .learningRate(5e-3)
        .warmup(0.1)
        .maxLength(24)
        .dropout(0.1)
        .steps(steps)
        .minSteps(minSteps)
        .patience(patience)
        .evaluateEvery(every)
        .build();
  }

  private static Method method(String id) {
    return new Method(
        id,
        new TreeMap<>(
            switch (id) {
              case "lora" -> Map.of("r", 2, "alpha", 16.0);
              case "r4f" -> Map.of("lambda", 1.0, "eps", 1e-5, "noise", "uniform");
              case "mixout" -> Map.of("p", 0.5);
              default -> Map.<String, Object>of();
            }));
  }

  /** Learns from the first 15 examples; the rest are set apart. */
  private static Ended train(TaskKind kind, String id, Training training) {
    boolean regression = kind == TaskKind.REGRESSION;
    Split all = Golden.split(regression ? "score" : "two");
    Split train = all.rows(IntStream.range(0, 15).toArray());
    Split apart = all.rows(IntStream.range(15, all.size()).toArray());
    HeldOut heldOut = new HeldOut(apart, 2, List.of(regression ? "pearson" : "accuracy"));
    try (TextClassifier model = Golden.model(regression ? 1 : 2, 0.1)) {
      FineTuningMethod method =
          MethodRegistry.create(Golden.context(method(id), kind, model, null, Noise.ENGINE));
      Fit fit =
          new Trainer(kind, train, training, Golden.SEED)
              .fit(model, method, heldOut, null, Checkpointing.NONE, SILENT);
      float[][] logits = new Evaluator(model, SILENT).run(apart, List.of(), Pooling.CLS).logits();
      return new Ended(fit, Metrics.compute(kind, 2, apart.targets(), logits));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stl", "lora", "mixout"})
  void theModelHasTheWeightsOfTheBestEvaluation(String id) {
    Ended ended = train(TaskKind.REGRESSION, id, training(30, 0, 100, 2));

    List<MetricPoint> points = ended.points("selection_pearson");
    assertThat(points).extracting(MetricPoint::step).startsWith(1, 3, 5).endsWith(29);
    double best = points.stream().mapToDouble(MetricPoint::value).max().orElseThrow();
    assertThat(ended.metrics().get("pearson")).isCloseTo(best, within(1e-5));
    int at = points.stream().filter(p -> p.value() == best).findFirst().orElseThrow().step();
    assertThat(ended.fit().bestStep()).isEqualTo(at + 1).isLessThan(30);
    assertThat(ended.fit().steps()).isEqualTo(30);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stl", "lora", "mixout", "r4f"})
  void evaluationDisturbsNoStep(String id) {
    Ended plain = train(TaskKind.CLASSIFICATION, id, training(12, 0, null, null));
    Ended watched = train(TaskKind.CLASSIFICATION, id, training(12, 0, 100, 1));

    for (String metric : List.of("loss", "gradient_norm", "learning_rate")) {
      assertThat(watched.values(metric)).hasSize(12).isEqualTo(plain.values(metric));
    }
    assertThat(watched.metrics().get("accuracy"))
        .isEqualTo(
            watched.values("selection_accuracy").stream().max(Double::compare).orElseThrow());
    assertThat(plain.fit().bestStep()).isNull();
    assertThat(plain.points("selection_accuracy")).isEmpty();
  }

  @Test
  void stopsOncePatienceIsExhausted() {
    Ended ended = train(TaskKind.CLASSIFICATION, "stl", training(200, 0, 2, 3));

    List<Double> scores = ended.values("selection_accuracy");
    Patience patience = new Patience(2);
    for (int i = 0; i < scores.size(); i++) {
      assertThat(patience.isExhausted()).isFalse();
      patience.improves(scores.get(i));
    }
    assertThat(patience.isExhausted()).isTrue();
    assertThat(ended.fit().status()).isEqualTo(TrialStatus.DONE);
    assertThat(ended.fit().steps()).isEqualTo(3 * scores.size()).isLessThan(200);
    assertThat(ended.fit().bestStep()).isEqualTo(ended.fit().steps() - 6);
    assertThat(ended.points("loss"))
        .extracting(MetricPoint::step)
        .endsWith(ended.fit().steps() - 1)
        .doesNotHaveDuplicates();
  }

  @Test
  void trainsForItsLeastStepsFirst() {
    Training patient = training(200, 60, 1, 3);
    Ended ended = train(TaskKind.CLASSIFICATION, "stl", patient);
    assertThat(ended.fit().steps()).isGreaterThanOrEqualTo(60).isLessThan(200);
  }

  @Test
  void evaluatesOnceAnEpochUnlessToldOtherwiseAndAtTheLastStep() {
    Ended ended = train(TaskKind.CLASSIFICATION, "stl", training(7, 0, 100, null));
    assertThat(ended.points("selection_accuracy"))
        .extracting(MetricPoint::step)
        .containsExactly(2, 5, 6);
  }

  @Test
  void keepsAtMostSoManyPointsAndTheLast() {
    Ended ended = train(TaskKind.REGRESSION, "stl", training(301, 0, 1000, 1));
    assertThat(ended.points("selection_pearson").size()).isBetween(100, 201);
    assertThat(ended.points("selection_pearson")).extracting(MetricPoint::step).endsWith(300);
  }

  @Test
  void memoryStaysFlat() {
    Set<Integer> counts = new HashSet<>();
    Split split = Golden.split("two");
    try (TextClassifier model = Golden.model(2, 0.1)) {
      FineTuningMethod method = MethodRegistry.create(Golden.context(method("stl"), model, null));
      HeldOut heldOut = new HeldOut(split, 2, List.of("accuracy"));
      new Trainer(TaskKind.CLASSIFICATION, split, training(20, 0, 100, 1), Golden.SEED)
          .fit(
              model,
              method,
              heldOut,
              null,
              Checkpointing.NONE,
              (step, steps, loss) -> {
                if (step > 2 && loss != null) {
                  counts.add(model.manager().getManagedArrays().size());
                }
              });
    }
    assertThat(counts).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void needsExamplesSetApart() {
    try (TextClassifier model = Golden.model(2, 0.1)) {
      FineTuningMethod method = MethodRegistry.create(Golden.context(method("stl"), model, null));
      Trainer trainer =
          new Trainer(
              TaskKind.CLASSIFICATION, Golden.split("two"), training(5, 0, 1, null), Golden.SEED);
      assertThatThrownBy(() -> trainer.fit(model, method, SILENT))
          .hasMessage("early stopping needs examples set apart");
    }
  }
}
