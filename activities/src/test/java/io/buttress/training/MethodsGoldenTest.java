package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.Noise;
import io.buttress.method.Pass;
import io.buttress.model.Batch;
import io.buttress.model.Forward;
import io.buttress.model.Pooling;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import io.buttress.study.MethodCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every method against src/test/python/methods_golden.py, which has them in PyTorch: one step with
 * perturbed weights, then a training run.
 */
class MethodsGoldenTest {
  private static final double STEP = 1e-5;
  private static final double RUN = 1e-4;
  private static final float HEAD = 1e-3f;
  private static final Progress SILENT = (step, steps, loss) -> {};

  static List<GoldenMethod> cases() {
    return GoldenMethod.all();
  }

  @Test
  void everyMethodHasACase() {
    assertThat(cases().stream().map(c -> c.method().id()))
        .containsAll(MethodCatalog.entries().stream().map(MethodCatalog.Entry::id).toList());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lossAndGradientsOfAStepEqualPythons(GoldenMethod c) {
    JsonNode golden = c.golden().get("step");
    try (TextClassifier model = c.model()) {
      FineTuningMethod method = c.regularizer(model);
      ExampleOrder order =
          new ExampleOrder(c.split().size(), c.training().batchSize(), Golden.SEED);
      method.prepare(new RunPreparation(model, c.split(), order, SILENT));
      if (golden.has("head")) {
        // Ours is a solver's; from here on both have the same.
        golden.get("head").properties().forEach(e -> assertAndAdopt(model, e));
      }
      Map<String, NDArray> trained = new LinkedHashMap<>(method.parameters());
      model.parameters().forEach((n, p) -> perturb(n, p, model));
      method.parameters().forEach((n, p) -> perturb(n, p, model));
      model
          .parameters()
          .forEach(
              (name, parameter) -> {
                if (method.trains(name)) {
                  trained.put(name, parameter);
                }
              });
      trained.values().forEach(parameter -> parameter.setRequiresGradient(true));
      try (NDManager scope = model.manager().newSubManager();
          var tape = Engine.getInstance().newGradientCollector()) {
        int[] rows = Golden.value(GoldenMethod.JSON.get("rows"), int[].class);
        Batch batch = Batch.of(c.split(), rows, model.config(), scope);
        Loss loss = method.loss(Pass.of(model, c.kind(), batch, forward(c, method)));
        assertScalar("task loss", loss.task(), golden.get("task"));
        assertScalar("R", loss.penalty(), golden.get("penalty"));
        assertScalar("relative R", loss.relative(), golden.get("relative"));
        NDArray total = loss.task();
        if (loss.penalty() != null) {
          total = total.add(loss.penalty().mul(scope.create((float) method.lambda())));
        }
        assertScalar("total loss", total, golden.get("total"));
        tape.backward(total);
        golden.get("gradients").properties().forEach(e -> assertGradient(trained, e));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void aTrainingRunEqualsPythons(GoldenMethod c) {
    try (TextClassifier model = c.model()) {
      Fit fit =
          new Trainer(c.kind(), c.split(), c.training(), Golden.SEED)
              .fit(model, c.regularizer(model), SILENT);
      List<Double> losses = new ArrayList<>();
      fit.history().stream()
          .filter(point -> point.metric().equals("loss"))
          .forEach(point -> losses.add(point.value()));
      assertRow("losses", losses, c.golden().get("losses"));
      float[][] logits =
          new Evaluator(model, SILENT).run(c.split(), List.of(), Pooling.CLS).logits();
      JsonNode after = c.golden().get("after");
      for (int i = 0; i < after.size(); i++) {
        List<Double> row = new ArrayList<>();
        for (float logit : logits[i]) {
          row.add((double) logit);
        }
        assertRow("logits of example " + i, row, after.get(i));
      }
    }
  }

  private static void perturb(String name, NDArray parameter, TextClassifier model) {
    float scale = (float) GoldenMethod.JSON.get("perturbation").asDouble();
    try (NDManager scope = model.manager().newSubManager()) {
      NDArray drawn = new DrawnNoise("perturb " + name).normal(parameter.getShape(), scope);
      TorchOps.assign(parameter, parameter.add(drawn.mul(scale)));
    }
  }

  private static void assertAndAdopt(TextClassifier model, Map.Entry<String, JsonNode> golden) {
    float[] ours = model.parameters().get(golden.getKey()).toFloatArray();
    float[] theirs = Golden.value(golden.getValue(), float[].class);
    float largest = 0;
    for (float value : theirs) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(ours).as(golden.getKey()).containsExactly(theirs, within(HEAD * largest));
    model.assign(golden.getKey(), theirs);
  }

  /** The method's own; r-drop's two passes are the same without dropout: each gets noise here. */
  private static Forward forward(GoldenMethod c, FineTuningMethod method) {
    if (!c.method().id().equals("r-drop")) {
      return method.forward();
    }
    Noise noise = new DrawnNoise("noise");
    return new Forward() {
      @Override
      public boolean training() {
        return true;
      }

      @Override
      public NDArray tokens(NDArray tokens) {
        return tokens.add(noise.normal(tokens.getShape(), tokens.getManager()).mul(0.3f));
      }
    };
  }

  private static void assertGradient(
      Map<String, NDArray> trained, Map.Entry<String, JsonNode> golden) {
    String name = golden.getKey();
    float[] ours = trained.get(name).getGradient().toFloatArray();
    double[] theirs = Golden.value(golden.getValue().get("values"), double[].class);
    int stride = golden.getValue().get("stride").asInt();
    double tolerance = STEP * golden.getValue().get("largest").asDouble();
    for (int i = 0; i < theirs.length; i++) {
      assertThat((double) ours[i * stride])
          .as("gradient %d of %s", i * stride, name)
          .isCloseTo(theirs[i], within(tolerance));
    }
  }

  private static void assertScalar(String what, NDArray ours, JsonNode theirs) {
    if (theirs == null) {
      assertThat(ours).as(what).isNull();
      return;
    }
    assertClose(what, ours.getFloat(), theirs.asDouble(), STEP);
  }

  private static void assertRow(String what, List<Double> ours, JsonNode theirs) {
    assertThat(ours).as(what).hasSize(theirs.size());
    for (int i = 0; i < ours.size(); i++) {
      assertClose(what + " " + i, ours.get(i), theirs.get(i).asDouble(), RUN);
    }
  }

  private static void assertClose(String what, double ours, double theirs, double tolerance) {
    double scale = Math.max(1, Math.abs(theirs));
    assertThat(ours).as(what).isCloseTo(theirs, within(tolerance * scale));
  }
}
