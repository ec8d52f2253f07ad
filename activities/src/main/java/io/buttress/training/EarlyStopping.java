package io.buttress.training;

import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.evaluation.Metrics;
import io.buttress.method.FineTuningMethod;
import io.buttress.model.Pooling;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Evaluates a model in training from time to time on examples set apart, keeps its best weights,
 * and tells when to stop. Where training does not stop early, it does nothing. Evaluation draws
 * nothing at random, and every step seeds the engine anew: training goes on as if undisturbed.
 */
final class EarlyStopping {
  private static final int POINTS = 200;

  private final TaskKind kind;
  private final Training training;
  private final HeldOut heldOut;
  private final int steps;
  private final int every;
  private final int stride;
  private final TextClassifier model;
  private final FineTuningMethod method;
  private final Patience patience;
  private final BestWeights best;
  private final List<MetricPoint> points = new ArrayList<>();
  private List<MetricPoint> latest = List.of();
  private int evaluations;
  private Integer bestStep;

  /**
   * @param heldOut null where training does not stop early
   * @param epoch optimizer steps of an epoch
   * @param steps optimizer steps in all
   */
  EarlyStopping(
      TaskKind kind,
      Training training,
      HeldOut heldOut,
      int epoch,
      int steps,
      TextClassifier model,
      FineTuningMethod method,
      BestWeights best) {
    if (training.stopsEarly() && heldOut == null) {
      throw new IllegalArgumentException("early stopping needs examples set apart");
    }
    this.kind = kind;
    this.training = training;
    this.heldOut = heldOut;
    this.steps = steps;
    this.model = model;
    this.method = method;
    every = training.evaluateEvery() == null ? epoch : training.evaluateEvery();
    stride = Math.max(1, (steps / every + POINTS) / POINTS);
    patience = training.stopsEarly() ? new Patience(training.patience()) : null;
    this.best = best;
  }

  /** Whether an evaluation follows, once so many steps are done. */
  boolean isDue(int done) {
    return patience != null && (done % every == 0 || done == steps);
  }

  /** Evaluates the model after a step, and keeps its weights if they are the best so far. */
  void evaluate(int step, Progress progress) {
    float[][] logits =
        new Evaluator(model, method.evaluation(), progress)
            .run(heldOut.split(), List.of(), Pooling.CLS)
            .logits();
    Map<String, Double> metrics =
        Metrics.compute(kind, heldOut.labels(), heldOut.split().targets(), logits);
    if (patience.improves(Metrics.mean(heldOut.metric(), metrics))) {
      best.keep();
      bestStep = step + 1;
    }
    long now = System.currentTimeMillis();
    latest = new ArrayList<>();
    for (String metric : heldOut.metric()) {
      if (metrics.get(metric) != null) {
        latest.add(new MetricPoint("selection_" + metric, step, now, metrics.get(metric)));
      }
    }
    if (++evaluations % stride == 0) {
      points.addAll(latest);
      latest = List.of();
    }
  }

  /** Whether to stop, once so many steps are done. */
  boolean isOver(int done) {
    return patience != null && patience.isExhausted() && done >= training.leastSteps();
  }

  /** Ends training: the model has its best weights, or where there are none its last ones. */
  void finish() {
    if (bestStep == null) {
      method.finish();
    } else {
      best.restore();
    }
  }

  /** Steps done at the best evaluation; null without one. */
  Integer bestStep() {
    return bestStep;
  }

  /** The metrics of the evaluations, at most 200 points each and the last. */
  List<MetricPoint> points() {
    List<MetricPoint> all = new ArrayList<>(points);
    all.addAll(latest);
    return all;
  }

  /**
   * Where it is, without the weights.
   *
   * @param patience null where training does not stop early
   */
  record State(
      List<MetricPoint> points,
      List<MetricPoint> latest,
      int evaluations,
      Integer bestStep,
      Patience.State patience) {}

  State state() {
    return new State(
        List.copyOf(points),
        latest,
        evaluations,
        bestStep,
        patience == null ? null : patience.state());
  }

  /** Goes on where another one was. */
  void restore(State state) {
    points.addAll(state.points());
    latest = state.latest();
    evaluations = state.evaluations();
    bestStep = state.bestStep();
    if (patience != null) {
      patience.restore(state.patience());
    }
  }
}
