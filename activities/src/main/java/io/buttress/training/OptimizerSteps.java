package io.buttress.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.Loss;
import io.buttress.method.Pass;
import io.buttress.model.Batch;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;

/**
 * The optimizer steps of one training run. Each is a forward and a backward pass over its
 * micro-batches, then one call of AdamW, which clips.
 */
final class OptimizerSteps implements AutoCloseable {
  private final TaskKind kind;
  private final Split train;
  private final Training training;
  private final long seed;
  private final Schedule schedule;
  private final TextClassifier model;
  private final FineTuningMethod method;
  private final ParameterGroups groups;
  private final AdamW optimizer;
  private final NDManager kept;
  private final NDArray lambda;

  /**
   * @param method prepared
   */
  OptimizerSteps(
      TaskKind kind,
      Split train,
      Training training,
      long seed,
      Schedule schedule,
      TextClassifier model,
      FineTuningMethod method) {
    this.kind = kind;
    this.train = train;
    this.training = training;
    this.seed = seed;
    this.schedule = schedule;
    this.model = model;
    this.method = method;
    groups = new ParameterGroups(model, method, train);
    optimizer =
        new AdamW(model.manager(), groups.parameters(), groups.sparse(), training.clipNorm());
    kept = model.manager().newSubManager();
    lambda = scalar(method.lambda(), kept);
  }

  AdamW optimizer() {
    return optimizer;
  }

  /** Goes on after steps of an earlier attempt, whose arrays {@link RunState} restores. */
  void skip(int steps) {
    for (int step = 0; step < steps; step++) {
      groups.stepped(step, schedule.rate(step), training.weightDecay());
    }
  }

  /**
   * Takes a step and logs its numbers.
   *
   * @param rows of the training set
   * @throws DivergedException once a loss that was not finite is known
   */
  void take(int step, int[] rows, StepLog log) {
    // What is drawn depends on (seed, step) alone, not on what ran before.
    Engine.getInstance().setRandomSeed((int) Seeds.derive(seed, "step", step));
    double rate = schedule.rate(step);
    try (NDManager scope = model.manager().newSubManager()) {
      NDArray losses = null;
      for (int[] part : MicroBatches.of(rows, training.microBatchSize())) {
        NDArray more = backward(part, part.length / (double) rows.length, scope);
        losses = losses == null ? more : losses.add(more);
      }
      NDArray norm =
          optimizer.step(
              groups.rates(step, rate), groups.weightDecays(step, training.weightDecay()), scope);
      groups.stepped(step, rate, training.weightDecay());
      method.stepped(step, rate);
      log.record(step, rows.length, rate, losses, norm);
    }
  }

  /**
   * Adds the gradients of one micro-batch to the optimizer's.
   *
   * @param share of the step's examples
   * @return loss, task loss and what the method has of R and relative R, all times the share
   */
  private NDArray backward(int[] rows, double share, NDManager result) {
    try (NDManager scope = result.newSubManager();
        GradientCollector tape = Engine.getInstance().newGradientCollector()) {
      Batch batch = Batch.of(train, rows, model.config(), scope);
      Loss loss = method.loss(Pass.of(model, kind, batch, method.forward()));
      NDList terms = new NDList(loss.task());
      NDArray total = loss.task();
      if (loss.penalty() != null) {
        terms.add(loss.penalty());
        total = total.add(loss.penalty().mul(lambda));
      }
      if (loss.relative() != null) {
        terms.add(loss.relative());
      }
      terms.add(0, total);
      NDArray row = NDArrays.stack(terms).stopGradient();
      if (share < 1) {
        NDArray weight = scalar(share, scope);
        total = total.mul(weight);
        row = row.mul(weight);
      }
      optimizer.accumulate(total);
      row.attach(result);
      return row;
    }
  }

  /** Writes trained word embeddings back to the model: they are trained in a table of their own. */
  void settle() {
    groups.settle();
  }

  private static NDArray scalar(double value, NDManager manager) {
    return manager.full(new Shape(), (float) value, DataType.FLOAT32);
  }

  /** Ends training; what was not settled is lost. */
  @Override
  public void close() {
    kept.close();
    optimizer.close();
    groups.close();
  }
}
