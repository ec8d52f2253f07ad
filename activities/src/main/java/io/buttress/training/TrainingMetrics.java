package io.buttress.training;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** What an operator sees of the training in this process, one at a time, and its checkpoints. */
public final class TrainingMetrics {
  private final Counter examples;
  private final Timer steps;
  private final Timer checkpoints;
  private final Histogram checkpointBytes;
  private final Counter lostCheckpoints;
  private volatile double loss = Double.NaN;
  private long waitingNanos;
  private int waitingSteps;

  public TrainingMetrics(MetricRegistry metrics) {
    examples = metrics.counter("buttress.training.examples");
    steps = metrics.timer("buttress.training.step.seconds");
    checkpoints = metrics.timer("buttress.checkpoint.seconds");
    checkpointBytes = metrics.histogram("buttress.checkpoint.bytes");
    lostCheckpoints = metrics.counter("buttress.checkpoint.failures");
    metrics.gauge("buttress.training.loss", () -> () -> loss);
  }

  /**
   * One optimizer step. An accelerator works asynchronously until the host reads its numbers, so a
   * step's time is known only as the mean over the steps between two such reads.
   *
   * @param settled whether the host has read the numbers of this step
   * @param last the last loss that came, or null
   */
  void step(int batchSize, long nanos, boolean settled, Double last) {
    examples.inc(batchSize);
    waitingNanos += nanos;
    waitingSteps++;
    if (settled) {
      for (int i = 0; i < waitingSteps; i++) {
        steps.update(waitingNanos / waitingSteps, TimeUnit.NANOSECONDS);
      }
      waitingNanos = 0;
      waitingSteps = 0;
      loss = last == null ? Double.NaN : last;
    }
  }

  /** Nothing trains any more. */
  void ended() {
    waitingNanos = 0;
    waitingSteps = 0;
    loss = Double.NaN;
  }

  void checkpoint(Duration storing, long bytes) {
    checkpoints.update(storing);
    checkpointBytes.update(bytes);
  }

  void checkpointLost() {
    lostCheckpoints.inc();
  }
}
