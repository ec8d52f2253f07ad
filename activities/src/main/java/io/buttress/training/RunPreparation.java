package io.buttress.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.Preparation;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a method may use of the training run to come.
 *
 * @param order of its examples
 */
record RunPreparation(TextClassifier model, Split train, ExampleOrder order, Progress progress)
    implements Preparation {

  @Override
  public float[][] pooled() {
    return new Evaluator(model, (step, steps, loss) -> progress.at(0, 0, null)).pooled(train);
  }

  @Override
  public void minimise(Map<String, NDArray> parameters, int steps, double rate, BatchLoss loss) {
    try (AdamW optimizer = new AdamW(model.manager(), List.of(parameters), Set.of(), 0)) {
      for (int step = 0; step < steps; step++) {
        try (NDManager scope = model.manager().newSubManager();
            GradientCollector tape = Engine.getInstance().newGradientCollector()) {
          optimizer.accumulate(loss.of(order.rows(step), scope));
          optimizer.step(new double[] {rate}, new double[] {0}, scope);
        }
        progress.at(0, 0, null);
      }
    }
  }
}
