package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.buttress.result.MetricPoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Numbers of the optimizer steps. They stay on the device for a few steps and come to the host
 * together, so that an accelerator does not wait for the host at every step.
 */
final class StepLog implements AutoCloseable {
  private static final int POINTS = 200;
  private static final int LONGEST_WAIT = 16;

  private final NDManager parent;
  private final int steps;
  private final int stride;
  private final List<MetricPoint> points = new ArrayList<>();
  private final List<Double> waitingRates = new ArrayList<>();
  private final NDList waiting = new NDList();
  private NDManager held;
  private int lastPoint = -1;
  private float[] last;
  private double lastRate;
  private int examples;
  private long since = System.nanoTime();
  private Double loss;

  StepLog(NDManager parent, int steps) {
    this.parent = parent;
    this.steps = steps;
    this.stride = Math.max(1, (steps + POINTS - 1) / POINTS);
    this.held = parent.newSubManager();
  }

  /**
   * Takes one step's scalars.
   *
   * @param losses loss, task loss and what the method has of R and relative R
   * @throws DivergedException once a loss that was not finite is known
   */
  void record(int step, int batchSize, double rate, NDArray losses, NDArray norm) {
    NDArray row = NDArrays.concat(new NDList(losses, norm.expandDims(0)));
    row.attach(held);
    waiting.add(row);
    waitingRates.add(rate);
    examples += batchSize;
    boolean point = (step + 1) % stride == 0 || step == steps - 1;
    if (point || waiting.size() >= LONGEST_WAIT) {
      settle(step);
    }
    if (point) {
      end(step);
    }
  }

  /**
   * Brings what waits to the host.
   *
   * @param step the last one recorded
   * @throws DivergedException when the loss of one of them was not finite
   */
  void settle(int step) {
    int rows = waiting.size();
    if (rows == 0) {
      return;
    }
    float[] values = NDArrays.stack(waiting).toFloatArray();
    int width = values.length / rows;
    held.close();
    held = parent.newSubManager();
    waiting.clear();
    for (int i = 0; i < rows; i++) {
      if (!Float.isFinite(values[i * width])) {
        throw new DivergedException(step - rows + 1 + i);
      }
    }
    last = Arrays.copyOfRange(values, (rows - 1) * width, rows * width);
    lastRate = waitingRates.get(rows - 1);
    loss = (double) last[0];
    waitingRates.clear();
  }

  /** Adds the points of the last step, unless it has some; its numbers must be settled. */
  void end(int step) {
    if (step == lastPoint || last == null) {
      return;
    }
    lastPoint = step;
    long now = System.currentTimeMillis();
    double seconds = (System.nanoTime() - since) / 1e9;
    points.add(new MetricPoint("loss", step, now, last[0]));
    points.add(new MetricPoint("task_loss", step, now, last[1]));
    points.add(new MetricPoint("gradient_norm", step, now, last[last.length - 1]));
    if (last.length > 3) {
      points.add(new MetricPoint("regularizer", step, now, last[2]));
    }
    if (last.length > 4) {
      points.add(new MetricPoint("regularizer_relative", step, now, last[3]));
    }
    points.add(new MetricPoint("learning_rate", step, now, lastRate));
    points.add(new MetricPoint("examples_per_second", step, now, examples / seconds));
    examples = 0;
    since = System.nanoTime();
  }

  /** Adds points that were measured elsewhere, such as collapse during training. */
  void add(List<MetricPoint> more) {
    points.addAll(more);
  }

  /**
   * What has been recorded; nothing may be waiting.
   *
   * @param lastPoint its step, or -1
   * @param examples since then
   */
  record State(List<MetricPoint> points, int lastPoint, int examples) {}

  State state() {
    return new State(points(), lastPoint, examples);
  }

  /** Goes on where another one was; time counts from now. */
  void restore(State state) {
    points.addAll(state.points());
    lastPoint = state.lastPoint();
    examples = state.examples();
  }

  /** Whether nothing waits. */
  boolean settled() {
    return waiting.isEmpty();
  }

  /** The last loss that came to the host, or null. */
  Double loss() {
    return loss;
  }

  List<MetricPoint> points() {
    return List.copyOf(points);
  }

  @Override
  public void close() {
    held.close();
  }
}
