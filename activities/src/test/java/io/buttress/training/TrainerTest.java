package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.model.Pooling;
import io.buttress.model.TextClassifier;
import io.buttress.regularizer.Loss;
import io.buttress.regularizer.Pass;
import io.buttress.regularizer.Regularizer;
import io.buttress.regularizer.Regularizers;
import io.buttress.regularizer.Snapshot;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import io.buttress.tracking.MetricPoint;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static final Split SPLIT = Golden.split("two");
  private static final List<Integer> LAST = List.of(-1);
  private static final Progress SILENT = (step, steps, loss) -> {};

  /** What a run leaves behind: every number of its history but times, and every weight. */
  private record Trace(List<Double> numbers, Map<String, List<Float>> weights) {}

  @Test
  void equalSeedsGiveEqualBitsWithDropout() {
    Trace first = train(repina(0.1), 0.2, Golden.SEED, r -> r);

    assertThat(train(repina(0.1), 0.2, Golden.SEED, r -> r)).isEqualTo(first);
    assertThat(train(repina(0.1), 0.2, Golden.SEED + 1, r -> r).weights())
        .isNotEqualTo(first.weights());
  }

  @Test
  void dropoutDependsOnTheStepAndNotOnWhatRanBefore() {
    Trace first = train(repina(0.1), 0.2, Golden.SEED, r -> r);
    Trace disturbed =
        train(
            repina(0.1),
            0.2,
            Golden.SEED,
            inner ->
                wrapped(
                    inner,
                    penalty -> penalty.getManager().randomUniform(0, 1, penalty.getShape())));
    assertThat(disturbed).isEqualTo(first);
  }

  @Test
  void lambdaZeroIsStandardFineTuningBitForBit() {
    assertThat(train(repina(0), 0.2, Golden.SEED, r -> r))
        .isEqualTo(train(Golden.stl(), 0.2, Golden.SEED, r -> r));
  }

  /**
   * DJL's overloads for Java numbers free memory that the backward pass still reads. Nothing in a
   * step may depend on when the collector runs.
   */
  @Test
  void garbageCollectionBetweenForwardAndBackwardChangesNothing() {
    Trace undisturbed = train(repina(0.1), 0.2, Golden.SEED, r -> r);
    List<ByteBuffer> junk = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      Trace collected =
          train(
              repina(0.1),
              0.2,
              Golden.SEED,
              inner ->
                  wrapped(
                      inner,
                      penalty -> {
                        System.gc();
                        junk.clear();
                        for (int i = 0; i < 5_000; i++) {
                          ByteBuffer number = ByteBuffer.allocateDirect(4);
                          junk.add(number.order(ByteOrder.nativeOrder()).putFloat(0, 777f));
                        }
                      }));
      assertThat(collected).isEqualTo(undisturbed);
    }
  }

  @Test
  void memoryStaysFlatOverTheSteps() {
    Set<String> counts = new HashSet<>();
    try (TextClassifier model = Golden.model(2, 0.2)) {
      Regularizer regularizer = regularizer(repina(0.1), model);
      trainer(Golden.SEED)
          .fit(
              model,
              regularizer,
              (step, steps, loss) ->
                  counts.add(
                      step < 2 ? "" : String.valueOf(model.manager().getManagedArrays().size())));
      counts.remove("");
      assertThat(counts).hasSize(1);
    }
  }

  @Test
  void thePenaltyStartsAtZeroAndGrows() {
    List<Double> penalties = new ArrayList<>();
    try (TextClassifier model = Golden.model(2, 0)) {
      Fit fit = trainer(Golden.SEED).fit(model, regularizer(repina(0.001), model), SILENT);
      fit.history().stream()
          .filter(point -> point.metric().equals("regularizer"))
          .forEach(point -> penalties.add(point.value()));
    }
    assertThat(penalties.get(0)).isCloseTo(0, within(1e-10));
    assertThat(penalties.get(penalties.size() - 1)).isGreaterThan(0.1);
  }

  @Test
  void aLossThatIsNotFiniteEndsTheRunAndNamesTheStep() {
    try (TextClassifier model = Golden.model(2, 0)) {
      int[] calls = {0};
      Regularizer inner = regularizer(repina(0.1), model);
      Regularizer failing =
          new Regularizer() {
            @Override
            public double lambda() {
              return 1;
            }

            @Override
            public Loss loss(Pass pass) {
              NDArray penalty = inner.loss(pass).penalty();
              NDArray wrong = calls[0]++ == 3 ? penalty.div(penalty.sub(penalty)) : penalty;
              return new Loss(pass.taskLoss(), wrong, null);
            }
          };
      Fit fit = trainer(Golden.SEED).fit(model, failing, SILENT);
      assertThat(fit.failure()).isEqualTo("the loss is not finite at step 3 of 20");
      assertThat(fit.steps()).isEqualTo(3);
      assertThat(fit.history().stream().mapToInt(MetricPoint::step).max()).hasValue(2);
    }
  }

  private static Method repina(double lambda) {
    return Golden.repina(lambda, LAST, "cls");
  }

  private static Trainer trainer(long seed) {
    return new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), seed);
  }

  private static Regularizer regularizer(Method method, TextClassifier model) {
    Map<Integer, Tensor> tensors = new TreeMap<>();
    new Evaluator(model, SILENT)
        .run(SPLIT, LAST, Pooling.CLS)
        .representations()
        .forEach((layer, values) -> tensors.put(layer, Tensor.of(values, SPLIT.size(), 16)));
    Snapshot snapshot = new Snapshot(tensors);
    return Regularizers.create(Golden.context(method, model, snapshot));
  }

  private static Trace train(
      Method method, double dropout, long seed, UnaryOperator<Regularizer> around) {
    try (TextClassifier model = Golden.model(2, dropout)) {
      Regularizer regularizer = around.apply(regularizer(method, model));
      Fit fit = trainer(seed).fit(model, regularizer, SILENT);
      Map<String, List<Float>> weights = new TreeMap<>();
      model
          .parameters()
          .forEach(
              (name, array) -> {
                List<Float> values = new ArrayList<>();
                for (float value : array.toFloatArray()) {
                  values.add(value);
                }
                weights.put(name, values);
              });
      List<Double> numbers =
          fit.history().stream()
              .filter(point -> !point.metric().equals("examples_per_second"))
              .map(MetricPoint::value)
              .toList();
      return new Trace(numbers, weights);
    }
  }

  /** The same penalty, with something else happening between forward and backward pass. */
  private static Regularizer wrapped(
      Regularizer inner, java.util.function.Consumer<NDArray> disturbance) {
    return new Regularizer() {
      @Override
      public double lambda() {
        return inner.lambda();
      }

      @Override
      public Loss loss(Pass pass) {
        Loss loss = inner.loss(pass);
        disturbance.accept(loss.penalty());
        return loss;
      }
    };
  }
}
