package io.buttress.training;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import com.codahale.metrics.MetricRegistry;
import io.buttress.encoding.Progress;
import io.buttress.method.Loss;
import io.buttress.method.Pass;
import io.buttress.method.Regularizer;
import io.buttress.model.Batch;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrialStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Fine-tunes a model: the recipe of transformers' Trainer, number by number. The engine's random
 * state is global to a process, so only one run at a time gives the numbers that its seed promises.
 */
public final class Trainer {
  private final TaskKind kind;
  private final Split train;
  private final Training training;
  private final long seed;
  private final TrainingMetrics metrics;

  public Trainer(TaskKind kind, Split train, Training training, long seed) {
    this(kind, train, training, seed, new TrainingMetrics(new MetricRegistry()));
  }

  Trainer(TaskKind kind, Split train, Training training, long seed, TrainingMetrics metrics) {
    this.kind = kind;
    this.train = train;
    this.training = training;
    this.seed = seed;
    this.metrics = metrics;
  }

  /** Trains the model in place, to the last step or until the loss is NaN or infinite. */
  public Fit fit(TextClassifier model, Regularizer method, Progress progress) {
    return fit(model, method, null, null, Checkpoints.NONE, progress);
  }

  /**
   * Trains the model in place, until its last step, until the loss is NaN or infinite, or until
   * early stopping ends it, which leaves the model with its best weights.
   *
   * @param heldOut where early stopping looks; null without it
   * @param watch what to measure in the middle of training; null: nothing
   * @param checkpoints where to go on from, and what to leave behind
   */
  Fit fit(
      TextClassifier model,
      Regularizer method,
      HeldOut heldOut,
      CollapseWatch watch,
      Checkpoints checkpoints,
      Progress progress) {
    int planned = training.totalSteps(train.size());
    Schedule schedule = Schedule.of(training, planned);
    ExampleOrder order = new ExampleOrder(train.size(), training.batchSize(), seed);
    long start = System.nanoTime();
    method.prepare(new Preparations(model, train, order, progress));
    int steps = method.steps(planned);
    try (ParameterGroups groups = new ParameterGroups(model, method, train);
        NDManager kept = model.manager().newSubManager();
        StepLog log = new StepLog(kept, steps);
        AdamW optimizer =
            new AdamW(model.manager(), groups.parameters(), groups.sparse(), training.clipNorm());
        BestWeights best = new BestWeights(model, method)) {
      EarlyStopping stopping =
          new EarlyStopping(
              kind, training, heldOut, order.stepsPerEpoch(), steps, model, method, best);
      RunState state = new RunState(model, method, optimizer, best);
      NDArray lambda = scalar(method.lambda(), kept);
      int done = 0;
      long examples = 0;
      double before = 0;
      Optional<Checkpoint> resumed = checkpoints.newest();
      if (resumed.isPresent()) {
        Checkpoint.Numbers numbers = resumed.get().numbers();
        state.restore(resumed.get().tensors());
        log.restore(numbers.log());
        stopping.restore(numbers.stopping());
        done = numbers.done();
        examples = numbers.examples();
        before = numbers.seconds();
        for (int step = 0; step < done; step++) {
          groups.stepped(step, schedule.rate(step), training.weightDecay());
        }
      }
      if (watch != null && done == 0) {
        log.add(watch.measure(0, model, method, (at, of, none) -> progress.at(0, steps, null)));
      }
      int diverged = -1;
      while (done < steps && diverged < 0 && !stopping.isOver(done)) {
        int step = done;
        long began = System.nanoTime();
        // What is drawn depends on (seed, step) alone, not on what ran before.
        Engine.getInstance().setRandomSeed((int) Seeds.derive(seed, "step", step));
        int[] rows = order.rows(step);
        double rate = schedule.rate(step);
        try (NDManager scope = model.manager().newSubManager()) {
          NDArray losses = null;
          for (int[] part : MicroBatches.of(rows, training.microBatchSize())) {
            double share = part.length / (double) rows.length;
            NDArray more = backward(model, method, part, share, lambda, optimizer, scope);
            losses = losses == null ? more : losses.add(more);
          }
          NDArray norm =
              optimizer.step(
                  groups.rates(step, rate),
                  groups.weightDecays(step, training.weightDecay()),
                  scope);
          groups.stepped(step, rate, training.weightDecay());
          method.stepped(step, rate);
          diverged = log.record(step, rows.length, rate, losses, norm);
        }
        metrics.step(rows.length, System.nanoTime() - began, log.settled(), log.loss());
        examples += rows.length;
        done++;
        boolean due = stopping.isDue(done);
        boolean watched = watch != null && watch.isDue(done, steps);
        if ((due || watched) && diverged < 0) {
          diverged = log.settle(step);
          groups.settle();
        }
        if (diverged < 0) {
          progress.at(done, steps, log.loss());
        }
        Progress still = (at, of, none) -> progress.at(step + 1, steps, log.loss());
        if (due && diverged < 0) {
          stopping.evaluate(step, still);
        }
        if (watched && diverged < 0) {
          log.add(watch.measure(done, model, method, still));
        }
        if (diverged < 0 && done < steps && checkpoints.isDue()) {
          diverged = log.settle(step);
          if (diverged < 0) {
            Checkpoint.Numbers numbers =
                new Checkpoint.Numbers(
                    done, examples, before + since(start), log.state(), stopping.state());
            checkpoints.save(new Checkpoint(numbers, state.copy()));
          }
        }
      }
      groups.settle();
      if (diverged < 0) {
        log.end(done - 1);
        stopping.finish();
      }
      double seconds = before + since(start);
      List<MetricPoint> history = new ArrayList<>(log.points());
      history.addAll(stopping.points());
      return new Fit(
          diverged < 0 ? TrialStatus.DONE : TrialStatus.DIVERGED,
          diverged < 0 ? null : "the loss is not finite at step " + diverged + " of " + steps,
          diverged < 0 ? done : diverged,
          diverged < 0 ? stopping.bestStep() : null,
          seconds,
          examples / seconds,
          history);
    } finally {
      metrics.ended();
    }
  }

  /**
   * Adds the gradients of one micro-batch to the optimizer's.
   *
   * @param share of the step's examples
   * @return loss, task loss and what the method has of R and relative R, all times the share
   */
  private NDArray backward(
      TextClassifier model,
      Regularizer method,
      int[] rows,
      double share,
      NDArray lambda,
      AdamW optimizer,
      NDManager result) {
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

  private static double since(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }

  private static NDArray scalar(double value, NDManager manager) {
    return manager.full(new Shape(), (float) value, DataType.FLOAT32);
  }
}
