package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Pass;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static final Split SPLIT = Golden.split("two");

  @Test
  void dropoutDependsOnTheStepAndNotOnWhatRanBefore() {
    Trace disturbed =
        Trace.of(
            repina(0.1),
            0.2,
            Golden.SEED,
            2,
            inner ->
                new Delegating(inner) {
                  @Override
                  public Loss loss(Pass pass) {
                    Loss loss = super.loss(pass);
                    loss.task().getManager().randomUniform(0, 1, loss.task().getShape());
                    return loss;
                  }
                });
    assertThat(disturbed).isEqualTo(Trace.of(repina(0.1), 0.2));
  }

  @Test
  void thePenaltyStartsAtZeroAndGrows() {
    List<Double> penalties =
        Trace.of(repina(0.001), 0, Golden.SEED, 4, r -> r).values("regularizer");
    assertThat(penalties.get(0)).isCloseTo(0, within(1e-10));
    assertThat(penalties.get(penalties.size() - 1)).isGreaterThan(0.1);
  }

  @Test
  void aLossThatIsNotFiniteEndsTheRunAndNamesTheStep() {
    try (TextClassifier model = Golden.model(2, 0)) {
      int[] calls = {0};
      Method method = repina(0.1);
      FineTuningMethod repina =
          MethodRegistry.create(
              Golden.context(method, model, Golden.snapshot(method, model, SPLIT)));
      FineTuningMethod failing =
          new Delegating(repina) {
            @Override
            public Loss loss(Pass pass) {
              NDArray penalty = super.loss(pass).penalty();
              NDArray wrong = calls[0]++ == 3 ? penalty.div(penalty.sub(penalty)) : penalty;
              return new Loss(pass.taskLoss(), wrong, null);
            }
          };
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), Golden.SEED)
              .fit(model, failing, (step, steps, loss) -> {});
      assertThat(fit.failure()).isEqualTo("the loss is not finite at step 3 of 20");
      assertThat(fit.steps()).isEqualTo(3);
      assertThat(fit.history().stream().mapToInt(MetricPoint::step).max()).hasValue(2);
    }
  }

  private static Method repina(double lambda) {
    return Golden.repina(lambda, List.of(-1), "cls");
  }
}
