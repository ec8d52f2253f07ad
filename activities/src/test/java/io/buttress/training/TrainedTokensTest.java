package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Training the embeddings of the training set's tokens alone gives what training all gives. */
class TrainedTokensTest {
  private static final int VOCABULARY = 64;
  private static final Split FEW = Golden.split("two").rows(0, 1, 2);
  private static final Split EVERY =
      new Split(
          new int[][] {
            IntStream.range(0, 16).toArray(),
            IntStream.range(16, 32).toArray(),
            IntStream.range(32, 48).toArray(),
            IntStream.range(48, 64).toArray(),
          },
          new int[4][16],
          new float[] {0, 1, 1, 0});

  /** Trains all embeddings. */
  private static final class AllTokens extends Delegating {
    AllTokens(FineTuningMethod inner) {
      super(inner);
    }

    @Override
    public boolean usesAllTokens() {
      return true;
    }
  }

  static List<Method> methods() {
    return EveryMethodTest.methods();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void everyMethodGivesTheSameWeights(Method method) {
    assertThat(tokens(FEW)).isLessThan(2 * VOCABULARY / 3);
    assertSameWeights(method, FEW);
  }

  @Test
  void aTrainingSetMayHaveEveryToken() {
    assertThat(tokens(EVERY)).isEqualTo(VOCABULARY);
    assertSameWeights(Golden.stl(), EVERY);
  }

  private static long tokens(Split split) {
    return Arrays.stream(split.inputIds()).flatMapToInt(Arrays::stream).distinct().count();
  }

  private static void assertSameWeights(Method method, Split split) {
    Map<String, float[]> weights = train(method, split, inner -> inner);
    train(method, split, AllTokens::new)
        .forEach(
            (name, all) ->
                assertThat(weights.get(name))
                    .as(name)
                    .containsExactly(all, within(bound(method, name))));
  }

  /**
   * Two passes' gradients are added up in another order. Softmax cancels the keys' biases, so
   * theirs are rounding alone, which AdamW makes steps of up to the learning rate of.
   */
  private static float bound(Method method, String name) {
    boolean many = MethodCatalog.find(method.id()).orElseThrow().passes() > 1;
    return many && name.endsWith("key.bias") ? (float) Golden.training().learningRate() : 2e-6f;
  }

  private static Map<String, float[]> train(
      Method method, Split split, UnaryOperator<FineTuningMethod> around) {
    try (TextClassifier model = Golden.model(2, 0.2)) {
      FineTuningMethod regularizer =
          MethodRegistry.create(
              Golden.context(
                  method,
                  TaskKind.CLASSIFICATION,
                  model,
                  Golden.snapshot(method, model, split),
                  Noise.ENGINE));
      new Trainer(TaskKind.CLASSIFICATION, split, Golden.training(), Golden.SEED)
          .fit(model, around.apply(regularizer), (step, steps, loss) -> {});
      Map<String, float[]> weights = new LinkedHashMap<>();
      model.parameters().forEach((name, array) -> weights.put(name, array.toFloatArray()));
      return weights;
    }
  }
}
