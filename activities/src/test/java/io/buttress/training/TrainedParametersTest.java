package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.model.Batch;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which parameters a method changes, and which it must leave as they are. */
class TrainedParametersTest {
  private static final Split SPLIT = Golden.split("two");
  private static final Progress SILENT = (step, steps, loss) -> {};
  private static final Map<String, List<Float>> BEFORE = Trace.initial();

  static Stream<Arguments> trained() {
    Predicate<String> head = name -> name.startsWith("classifier.");
    Predicate<String> top = head.or(name -> name.startsWith("pooler."));
    Predicate<String> second = top.or(name -> name.startsWith("encoder.layer.1."));
    return Stream.of(
        Arguments.of("stl", Map.of(), (Predicate<String>) name -> true),
        Arguments.of("freeze", Map.of(), second),
        Arguments.of(
            "freeze", Map.of("n", 0), (Predicate<String>) name -> !name.startsWith("embeddings.")),
        Arguments.of("freeze", Map.of("n", 2), top),
        Arguments.of("bitfit", Map.of(), head.or(name -> name.endsWith(".bias"))),
        Arguments.of("lora", Map.of(), top.or(n -> n.matches(".*self\\.(query|value)\\.weight"))),
        Arguments.of("lp", Map.of(), head));
  }

  @ParameterizedTest
  @MethodSource("trained")
  void onlyWhatIsToLearnChanges(String id, Map<String, ?> given, Predicate<String> learns) {
    Map<String, List<Float>> after = Trace.of(Golden.method(id, given), 0.1).weights();
    assertThat(changed(after))
        .containsExactlyInAnyOrder(after.keySet().stream().filter(learns).toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void reinitStartsTopLayersAndPoolerAnewAndNothingElse(int n) {
    Set<String> expected = new HashSet<>();
    for (String name : BEFORE.keySet()) {
      boolean layer = name.startsWith("encoder.layer.1.") || n == 2 && name.contains(".layer.0.");
      if (layer || name.startsWith("pooler.")) {
        expected.add(name);
      }
    }
    // In no steps nothing but the preparation happens.
    Trace prepared =
        Trace.of(
            Golden.method("reinit", Map.of("n", n)),
            0,
            Golden.SEED,
            1,
            inner ->
                new Delegating(inner) {
                  @Override
                  public int steps(int planned) {
                    return 0;
                  }
                });
    assertThat(changed(prepared.weights())).isEqualTo(expected);
    prepared
        .weights()
        .forEach(
            (name, values) -> {
              if (expected.contains(name) && name.endsWith("LayerNorm.weight")) {
                assertThat(values).containsOnly(1f);
              } else if (expected.contains(name) && name.endsWith(".bias")) {
                assertThat(values).containsOnly(0f);
              }
            });
  }

  @Test
  void lorasMergedModelSaysWhatTheCorrectedOneSaid() {
    Method method = Golden.method("lora", Map.of());
    try (TextClassifier model = Golden.model(2, 0.1)) {
      FineTuningMethod lora = MethodRegistry.create(Golden.context(method, model, null));
      float[][] corrected = new float[1][];
      new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), Golden.SEED)
          .fit(
              model,
              new Delegating(lora) {
                @Override
                public void finish() {
                  corrected[0] = logits(model, lora);
                  super.finish();
                }
              },
              SILENT);
      float[][] merged = new Evaluator(model, SILENT).run(SPLIT, List.of(), Pooling.CLS).logits();
      for (int i = 0; i < merged.length; i++) {
        assertThat(merged[i])
            .containsExactly(
                new float[] {corrected[0][2 * i], corrected[0][2 * i + 1]}, within(1e-5f));
      }
    }
  }

  private static float[] logits(TextClassifier model, FineTuningMethod method) {
    int[] rows = new int[SPLIT.size()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = i;
    }
    try (NDManager scope = model.manager().newSubManager()) {
      Batch batch = Batch.of(SPLIT, rows, model.config(), scope);
      return model.forward(batch, method.evaluation()).logits().toFloatArray();
    }
  }

  private static Set<String> changed(Map<String, List<Float>> after) {
    Set<String> changed = new HashSet<>();
    after.forEach(
        (name, values) -> {
          if (!values.equals(BEFORE.get(name))) {
            changed.add(name);
          }
        });
    return changed;
  }
}
