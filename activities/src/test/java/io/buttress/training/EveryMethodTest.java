package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Pass;
import io.buttress.method.Snapshot;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for each method: reproducible numbers, and no memory that grows. */
// Trains each method several times.
@Tag("slow")
class EveryMethodTest {
  private static final Split SPLIT = Golden.split("two");

  /** All methods with their defaults, and what makes others of them. */
  static List<Method> methods() {
    Map<String, Object> recadam = Map.of("anneal", "recadam", "gamma", 40.0, "annealMidpoint", 5.0);
    return Stream.concat(
            MethodCatalog.entries().stream().map(entry -> Golden.method(entry.id(), Map.of())),
            Stream.of(
                Golden.method("wc", recadam),
                Golden.method("r3f", Map.of("noise", "normal")),
                Golden.method("repina-mlp", Map.of("phiInit", "fit", "phiSteps", 3)),
                Golden.method("repina-i", Map.of("layers", List.of(-1, 1), "pooling", "mean"))))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void equalSeedsGiveEqualBitsWithDropout(Method method) {
    Trace first = Trace.of(method, 0.2);

    assertThat(Trace.of(method, 0.2)).isEqualTo(first);
    assertThat(Trace.of(method, 0.2, Golden.SEED + 1, 2, r -> r).weights())
        .isNotEqualTo(first.weights());
  }

  /** All that train by steps: linear probing alone has a closed form. */
  static List<Method> trained() {
    return methods().stream().filter(method -> !method.id().equals("lp")).toList();
  }

  @ParameterizedTest
  @MethodSource("trained")
  void bfloat16GivesAboutTheSameLosses(Method method) {
    List<Double> exact = losses(method, false);
    List<Double> rounded = losses(method, true);

    assertThat(rounded).isNotEqualTo(exact).isEqualTo(losses(method, true));
    assertThat(rounded).hasSameSizeAs(exact);
    for (int i = 0; i < exact.size(); i++) {
      assertThat(rounded.get(i)).isCloseTo(exact.get(i), within(0.02 + 0.02 * exact.get(i)));
    }
  }

  /** Of each step, without dropout. */
  private static List<Double> losses(Method method, boolean bfloat16) {
    try (TextClassifier model = Golden.model(2, 0, bfloat16)) {
      Snapshot snapshot = Golden.snapshot(method, model, SPLIT);
      return new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), Golden.SEED)
              .fit(
                  model,
                  MethodRegistry.create(Golden.context(method, model, snapshot)),
                  (step, steps, loss) -> {})
              .history()
              .stream()
              .filter(point -> point.metric().equals("loss"))
              .map(MetricPoint::value)
              .toList();
    }
  }

  /** DJL's overloads for Java numbers free memory that the backward pass still reads. */
  @ParameterizedTest
  @MethodSource("methods")
  void garbageCollectionBetweenForwardAndBackwardChangesNothing(Method method) {
    assertThat(Trace.of(method, 0.2, Golden.SEED, 1, Collecting::new))
        .isEqualTo(Trace.of(method, 0.2, Golden.SEED, 1, r -> r));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void memoryStaysFlatOverTheSteps(Method method) {
    Set<Integer> counts = new HashSet<>();
    try (TextClassifier model = Golden.model(2, 0.2)) {
      FineTuningMethod regularizer =
          MethodRegistry.create(
              Golden.context(method, model, Golden.snapshot(method, model, SPLIT)));
      new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), Golden.SEED)
          .fit(
              model,
              regularizer,
              (step, steps, loss) -> {
                if (step >= 2) {
                  counts.add(model.manager().getManagedArrays().size());
                }
              });
    }
    assertThat(counts).hasSizeLessThanOrEqualTo(1);
  }

  /** Frees what Java no longer holds, and overwrites it. */
  private static final class Collecting extends Delegating {
    private final List<ByteBuffer> junk = new ArrayList<>();

    Collecting(FineTuningMethod inner) {
      super(inner);
    }

    @Override
    public Loss loss(Pass pass) {
      Loss loss = super.loss(pass);
      System.gc();
      junk.clear();
      for (int i = 0; i < 5_000; i++) {
        ByteBuffer number = ByteBuffer.allocateDirect(4);
        junk.add(number.order(ByteOrder.nativeOrder()).putFloat(0, 777f));
      }
      return loss;
    }
  }
}
