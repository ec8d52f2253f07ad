package io.buttress.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.model.Batch;
import io.buttress.model.BertClassifier;
import io.buttress.model.BertClassifier.Output;
import io.buttress.regularizer.Regularizer;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrialStatus;

/**
 * Fine-tunes a model: the recipe of transformers' Trainer, number by number. The engine's random
 * state is global to a process, so only one run at a time gives the numbers that its seed promises.
 */
public final class Trainer {
  private final TaskKind kind;
  private final Split train;
  private final Training training;
  private final long seed;

  public Trainer(TaskKind kind, Split train, Training training, long seed) {
    this.kind = kind;
    this.train = train;
    this.training = training;
    this.seed = seed;
  }

  /** Trains the model in place, to the last step or until the loss is NaN or infinite. */
  public Fit fit(BertClassifier model, Regularizer regularizer, Progress progress) {
    int steps = training.totalSteps(train.size());
    Schedule schedule = Schedule.of(training, steps);
    ExampleOrder order = new ExampleOrder(train.size(), training.batchSize(), seed);
    boolean regularized = regularizer.lambda() != 0;
    long examples = 0;
    long start = System.nanoTime();
    try (NDManager scalars = model.manager().newSubManager();
        AdamW optimizer = new AdamW(model, training.weightDecay(), training.clipNorm());
        StepLog log = new StepLog(scalars, steps)) {
      NDArray lambda = scalars.full(new Shape(), (float) regularizer.lambda(), DataType.FLOAT32);
      for (int step = 0; step < steps; step++) {
        // Dropout depends on (seed, step) alone, not on what ran before.
        Engine.getInstance().setRandomSeed((int) Seeds.derive(seed, "step", step));
        int diverged;
        try (NDManager scope = model.manager().newSubManager();
            GradientCollector tape = Engine.getInstance().newGradientCollector()) {
          Batch batch = Batch.of(train, order.rows(step), model.config().padId(), scope);
          Output output = model.forward(batch, true);
          NDArray task = TaskLoss.mean(kind, output.logits(), batch);
          NDArray penalty = regularized ? regularizer.penalty(batch, output) : null;
          NDArray loss = regularized ? task.add(penalty.mul(lambda)) : task;
          double rate = schedule.rate(step);
          NDArray norm = optimizer.step(loss, rate);
          diverged = log.record(step, batch.size(), rate, loss, task, penalty, norm);
          examples += batch.size();
        }
        if (diverged >= 0) {
          return fit(diverged, steps, examples, start, log);
        }
        progress.at(step + 1, steps, log.loss());
      }
      return fit(-1, steps, examples, start, log);
    }
  }

  private static Fit fit(int diverged, int steps, long examples, long start, StepLog log) {
    double seconds = (System.nanoTime() - start) / 1e9;
    boolean done = diverged < 0;
    return new Fit(
        done ? TrialStatus.DONE : TrialStatus.DIVERGED,
        done ? null : "the loss is not finite at step " + diverged + " of " + steps,
        done ? steps : diverged,
        seconds,
        examples / seconds,
        log.points());
  }
}
