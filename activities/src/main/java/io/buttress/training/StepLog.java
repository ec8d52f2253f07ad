package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.buttress.tracking.MetricPoint;
import java.util.ArrayList;
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
   * @return the first step whose loss was not finite, or -1 as long as none is known
   */
  int record(int step, int batchSize, double rate, NDArray losses, NDArray norm) {
    NDArray row = NDArrays.concat(new NDList(losses, norm.expandDims(0)));
    row.attach(held);
    waiting.add(row);
    waitingRates.add(rate);
    examples += batchSize;
    boolean point = (step + 1) % stride == 0 || step == steps - 1;
    return point || waiting.size() == LONGEST_WAIT ? fetch(step, point) : -1;
  }

  private int fetch(int last, boolean point) {
    int rows = waiting.size();
    float[] values = NDArrays.stack(waiting).toFloatArray();
    int width = values.length / rows;
    held.close();
    held = parent.newSubManager();
    waiting.clear();
    for (int i = 0; i < rows; i++) {
      if (!Float.isFinite(values[i * width])) {
        return last - rows + 1 + i;
      }
    }
    int from = (rows - 1) * width;
    loss = (double) values[from];
    if (point) {
      long now = System.currentTimeMillis();
      double seconds = (System.nanoTime() - since) / 1e9;
      points.add(new MetricPoint("loss", last, now, values[from]));
      points.add(new MetricPoint("task_loss", last, now, values[from + 1]));
      points.add(new MetricPoint("gradient_norm", last, now, values[from + width - 1]));
      if (width > 3) {
        points.add(new MetricPoint("regularizer", last, now, values[from + 2]));
      }
      if (width > 4) {
        points.add(new MetricPoint("regularizer_relative", last, now, values[from + 3]));
      }
      points.add(new MetricPoint("learning_rate", last, now, waitingRates.get(rows - 1)));
      points.add(new MetricPoint("examples_per_second", last, now, examples / seconds));
      examples = 0;
      since = System.nanoTime();
    }
    waitingRates.clear();
    return -1;
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
