package io.buttress.training;

import com.codahale.metrics.MetricRegistry;
import io.buttress.encoding.Progress;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
  public Fit fit(TextClassifier model, FineTuningMethod method, Progress progress) {
    return fit(model, method, null, null, Checkpointing.NONE, progress);
  }

  /**
   * Trains the model in place, until its last step, until the loss is NaN or infinite, or until
   * early stopping ends it, which leaves the model with its best weights.
   *
   * @param heldOut where early stopping looks; null without it
   * @param watch what to measure in the middle of training; null: nothing
   * @param checkpoints where to go on from, and what to leave behind
   */
  public Fit fit(
      TextClassifier model,
      FineTuningMethod method,
      HeldOut heldOut,
      CollapseWatch watch,
      Checkpointing checkpoints,
      Progress progress) {
    long start = System.nanoTime();
    ExampleOrder order = new ExampleOrder(train.size(), training.batchSize(), seed);
    method.prepare(new RunPreparation(model, train, order, progress));
    int planned = training.totalSteps(train.size());
    int steps = method.steps(planned);
    Schedule schedule = Schedule.of(training, planned);
    try (OptimizerSteps optimizer =
            new OptimizerSteps(kind, train, training, seed, schedule, model, method);
        StepLog log = new StepLog(model.manager(), steps);
        BestWeights best = new BestWeights(model, method)) {
      EarlyStopping stopping =
          new EarlyStopping(
              kind, training, heldOut, order.stepsPerEpoch(), steps, model, method, best);
      RunState state = new RunState(model, method, optimizer.optimizer(), best);
      int done = 0;
      long examples = 0;
      double before = 0;
      Optional<Checkpoint> resumed = checkpoints.newest();
      if (resumed.isPresent()) {
        Checkpoint.Numbers numbers = resumed.get().numbers();
        state.restore(resumed.get().tensors());
        log.restore(numbers.log());
        stopping.restore(numbers.stopping());
        optimizer.skip(numbers.done());
        done = numbers.done();
        examples = numbers.examples();
        before = numbers.seconds();
      }
      try {
        if (watch != null && done == 0) {
          log.add(watch.measure(0, model, method, (at, of, none) -> progress.at(0, steps, null)));
        }
        while (done < steps && !stopping.isOver(done)) {
          int step = done++;
          int[] rows = order.rows(step);
          examples += rows.length;
          long began = System.nanoTime();
          optimizer.take(step, rows, log);
          metrics.step(rows.length, System.nanoTime() - began, log.settled(), log.loss());

          boolean evaluates = stopping.isDue(done);
          boolean watches = watch != null && watch.isDue(done, steps);
          if (evaluates || watches) {
            log.settle(step);
            optimizer.settle();
          }
          progress.at(done, steps, log.loss());
          Progress still = (at, of, none) -> progress.at(step + 1, steps, log.loss());
          if (evaluates) {
            stopping.evaluate(step, still);
          }
          if (watches) {
            log.add(watch.measure(done, model, method, still));
          }
          if (done < steps && checkpoints.isDue()) {
            log.settle(step);
            double seconds = before + since(start);
            checkpoints.save(
                new Checkpoint(
                    new Checkpoint.Numbers(done, examples, seconds, log.state(), stopping.state()),
                    state.copy()));
          }
        }
        optimizer.settle();
        log.end(done - 1);
        stopping.finish();
        return Fit.done(
            done, stopping.bestStep(), before + since(start), examples, points(log, stopping));
      } catch (DivergedException e) {
        return Fit.diverged(
            e.step(), steps, before + since(start), examples, points(log, stopping));
      }
    } finally {
      metrics.ended();
    }
  }

  private static List<MetricPoint> points(StepLog log, EarlyStopping stopping) {
    return Stream.concat(log.points().stream(), stopping.points().stream()).toList();
  }

  private static double since(long nanoTime) {
    return (System.nanoTime() - nanoTime) / 1e9;
  }
}
