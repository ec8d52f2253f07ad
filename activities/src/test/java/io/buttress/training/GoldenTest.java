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
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Pass;
import io.buttress.method.Snapshot;
import io.buttress.model.Batch;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our numbers against transformers' and torch's, on a tiny random BERT. */
class GoldenTest {
  private static final float TOLERANCE = 1e-5f;
  private static final Progress SILENT = (step, steps, loss) -> {};

  @ParameterizedTest
  @CsvSource({"two,2", "five,5", "score,1"})
  void logitsAndTwentyStepsOfTrainingEqualPythons(String task, int outputs) {
    Split split = Golden.split(task);
    TaskKind kind = outputs == 1 ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION;
    try (TextClassifier model = Golden.model(outputs, 0)) {
      Evaluator evaluator = new Evaluator(model, SILENT);
      float[][] logits = evaluator.run(split, List.of(), Pooling.CLS).logits();
      assertRows(logits, Golden.task(task).get("logits"), TOLERANCE);

      FineTuningMethod stl = MethodRegistry.create(Golden.context(Golden.stl(), model, null));
      Fit fit = new Trainer(kind, split, Golden.training(), Golden.SEED).fit(model, stl, SILENT);

      assertThat(losses(fit)).hasSize(20);
      assertClose(losses(fit), Golden.task(task).get("losses"), TOLERANCE);
      float[][] after = evaluator.run(split, List.of(), Pooling.CLS).logits();
      assertRows(after, Golden.task(task).get("after"), 10 * TOLERANCE);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void repinaEqualsPythonsLossesAndGradients(int setting) {
    JsonNode golden = Golden.JSON.get("repina").get(setting);
    List<Integer> layers = List.of(Golden.value(golden.get("layers"), Integer[].class));
    Pooling pooling = Pooling.of(golden.get("pooling").asText());
    Split split = Golden.split("two");
    try (TextClassifier model = Golden.model(2, 0)) {
      Map<Integer, float[]> pretrained =
          new Evaluator(model, SILENT).run(split, layers, pooling).representations();

      assertOneStep(golden, model, split, layers, others(pretrained));

      MethodContext context = Golden.context(method(golden, layers), model, all(pretrained));
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, split, Golden.training(), Golden.SEED)
              .fit(model, MethodRegistry.create(context), SILENT);
      assertClose(losses(fit), golden.get("losses"), TOLERANCE);
      assertThat(values(fit, "regularizer").get(0)).isCloseTo(0, within(1e-10));
    }
  }

  /** The penalty of examples 0 to 3 against the snapshot rows of examples 4 to 7. */
  private static void assertOneStep(
      JsonNode golden, TextClassifier model, Split split, List<Integer> layers, Snapshot snapshot) {
    model.parameters().values().forEach(p -> p.setRequiresGradient(true));
    try (NDManager scope = model.manager().newSubManager();
        var tape = Engine.getInstance().newGradientCollector()) {
      FineTuningMethod repina =
          MethodRegistry.create(Golden.context(method(golden, layers), model, snapshot));
      Batch batch = Batch.of(split, new int[] {0, 1, 2, 3}, model.config(), scope);
      Loss terms = repina.loss(Pass.of(model, TaskKind.CLASSIFICATION, batch, repina.forward()));
      NDArray penalty = terms.penalty();
      NDArray loss = terms.task().add(penalty.mul(scope.create((float) repina.lambda())));
      assertThat(penalty.getFloat())
          .isCloseTo((float) golden.get("penalty").asDouble(), within(TOLERANCE));
      assertThat(loss.getFloat())
          .isCloseTo((float) golden.get("loss").asDouble(), within(TOLERANCE));
      tape.backward(loss);
      golden
          .get("gradients")
          .properties()
          .forEach(
              entry -> {
                float[] ours =
                    model
                        .parameters()
                        .get(entry.getKey().replace("bert.", ""))
                        .getGradient()
                        .toFloatArray();
                assertThat(ours)
                    .as(entry.getKey())
                    .containsExactly(
                        Golden.value(entry.getValue(), float[].class), within(TOLERANCE));
              });
    }
    model.parameters().values().forEach(p -> p.setRequiresGradient(false));
  }

  private static Method method(JsonNode golden, List<Integer> layers) {
    return Golden.repina(golden.get("lambda").asDouble(), layers, golden.get("pooling").asText());
  }

  private static Snapshot all(Map<Integer, float[]> representations) {
    Map<Integer, Tensor> tensors = new LinkedHashMap<>();
    representations.forEach(
        (layer, values) -> tensors.put(layer, Tensor.of(values, values.length / 16, 16)));
    return new Snapshot(tensors);
  }

  private static Snapshot others(Map<Integer, float[]> representations) {
    Map<Integer, float[]> shifted = new LinkedHashMap<>();
    representations.forEach(
        (layer, values) -> shifted.put(layer, Arrays.copyOfRange(values, 4 * 16, values.length)));
    return all(shifted);
  }

  private static float[] losses(Fit fit) {
    List<Double> losses = values(fit, "loss");
    float[] array = new float[losses.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = losses.get(i).floatValue();
    }
    return array;
  }

  private static List<Double> values(Fit fit, String metric) {
    return fit.history().stream()
        .filter(point -> point.metric().equals(metric))
        .map(point -> point.value())
        .toList();
  }

  private static void assertRows(float[][] ours, JsonNode theirs, float tolerance) {
    assertThat(ours).hasNumberOfRows(theirs.size());
    for (int i = 0; i < ours.length; i++) {
      assertClose(ours[i], theirs.get(i), tolerance);
    }
  }

  private static void assertClose(float[] ours, JsonNode theirs, float tolerance) {
    assertThat(ours).containsExactly(Golden.value(theirs, float[].class), within(tolerance));
  }
}
