package io.buttress.training;

import io.buttress.result.MetricLog;
import io.buttress.result.MetricPoint;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows a trial's metric points while it trains: in the background, one call at a time. A tracking
 * server that is slow or gone delays nothing, and what it missed comes with the next call, which
 * has all points from the first step on; the trial's end logs them all.
 */
final class MetricStream implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MetricStream.class);
  private static final int CLOSING_SECONDS = 5;

  private final MetricLog log;
  private final String runId;
  private final Attempts attempts;
  private final ExecutorService background = Executors.newSingleThreadExecutor();
  private Future<?> sending;

  /**
   * @param runId null: nothing is shown
   * @param attempts of two attempts that overlap only the later one shows anything
   */
  MetricStream(MetricLog log, String runId, Attempts attempts) {
    this.log = log;
    this.runId = runId;
    this.attempts = attempts;
  }

  /**
   * @param points all of the trial, each safe in a checkpoint: an attempt that goes on from it has
   *     them with the same value and time
   */
  synchronized void send(List<MetricPoint> points) {
    if (runId != null && (sending == null || sending.isDone())) {
      sending = background.submit(() -> log(points));
    }
  }

  private void log(List<MetricPoint> points) {
    try {
      if (attempts.isLatest()) {
        log.log(runId, points);
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("metrics are not shown yet: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    background.shutdown();
    try {
      if (!background.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        background.shutdownNow();
      }
    } catch (InterruptedException e) {
      background.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
