package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Pass;
import io.buttress.method.Snapshot;
import io.buttress.model.Batch;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.model.TorchOps;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** As long as phi is the identity, repina-mlp is repina-i. */
class IdentityProjectionTest {
  private static final Split SPLIT = Golden.split("two");
  private static final Map<String, Object> SHARED =
      Map.of("lambda", 0.3, "layers", List.of(-1, 1), "pooling", "mean");

  static Stream<Map<String, Integer>> shapes() {
    return Stream.of(
        Map.of("depth", 1),
        Map.of("depth", 2, "width", 32),
        Map.of("depth", 2, "width", 41),
        Map.of("depth", 4, "width", 32));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void lossAndGradientsEqualThoseOfRepinaI(Map<String, Integer> shape) {
    Map<String, Object> given = new TreeMap<>(SHARED);
    given.putAll(shape);
    given.put("phiInit", "identity");
    Map<String, float[]> plain = step(Golden.method("repina-i", SHARED));
    Map<String, float[]> projected = step(Golden.method("repina-mlp", given));

    assertThat(projected).containsOnlyKeys(plain.keySet());
    plain.forEach(
        (name, values) -> {
          float largest = 1e-3f;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          assertThat(projected.get(name)).as(name).containsExactly(values, within(1e-5f * largest));
        });
  }

  /** R, the loss, and the gradient of every parameter, weights being perturbed. */
  private static Map<String, float[]> step(Method method) {
    try (TextClassifier model = Golden.model(2, 0)) {
      Snapshot snapshot = Golden.snapshot(method, model, SPLIT);
      FineTuningMethod repina = MethodRegistry.create(Golden.context(method, model, snapshot));
      Map<String, float[]> step = new TreeMap<>();
      try (NDManager scope = model.manager().newSubManager()) {
        model
            .parameters()
            .forEach(
                (name, p) -> {
                  NDArray noise = new DrawnNoise(name).normal(p.getShape(), scope);
                  TorchOps.assign(p, p.add(noise.mul(0.05f)));
                  p.setRequiresGradient(true);
                });
        repina.parameters().values().forEach(p -> p.setRequiresGradient(true));
        try (var tape = Engine.getInstance().newGradientCollector()) {
          Batch batch = Batch.of(SPLIT, new int[] {1, 5, 6, 9}, model.config(), scope);
          Loss loss = repina.loss(Pass.of(model, TaskKind.CLASSIFICATION, batch, repina.forward()));
          NDArray total = loss.task().add(loss.penalty().mul(scope.create(0.3f)));
          step.put("R", loss.penalty().toFloatArray());
          step.put("loss", total.toFloatArray());
          tape.backward(total);
        }
        model.parameters().forEach((name, p) -> step.put(name, p.getGradient().toFloatArray()));
      }
      return step;
    }
  }
}
