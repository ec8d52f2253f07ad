package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.uber.m3.util.Duration;
import io.buttress.storage.RetryCounter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class WorkerMetricsTest {
  private final WorkerMetrics metrics = new WorkerMetrics();

  @AfterEach
  void close() throws Exception {
    metrics.close();
  }

  @Test
  void retriesHaveServiceAndCause() throws Exception {
    RetryCounter retries = new RetryCounter(metrics.registry(), "store");
    retries.status(503);
    retries.problem(new IOException("x", new SocketTimeoutException("y")));
    retries.problem(new SocketTimeoutException("z"));
    assertThat(text().lines())
        .contains(
            "buttress_retries_total{cause=\"http_503\",service=\"store\"} 1.0",
            "buttress_retries_total{cause=\"SocketTimeoutException\",service=\"store\"} 2.0");
  }

  @Test
  void theLastPartsOfOtherNamesAreLabelsToo() throws Exception {
    metrics.registry().counter("buttress.activity.failures.FineTune.OutOfMemoryError").inc();
    metrics.registry().counter("buttress.bytes.hub.read").inc(5);
    metrics.registry().counter("buttress.trials.error").inc();
    metrics.registry().registerGauge("buttress.queue.backlog.gpu", () -> 7);
    assertThat(text().lines())
        .contains(
            "buttress_activity_failures_total{activity=\"FineTune\",cause=\"OutOfMemoryError\"} 1.0",
            "buttress_bytes_total{direction=\"read\",place=\"hub\"} 5.0",
            "buttress_trials_total{status=\"error\"} 1.0",
            "buttress_queue_backlog{queue=\"gpu\"} 7.0");
  }

  @Test
  void timesAreInSeconds() throws Exception {
    metrics
        .registry()
        .timer("buttress.training.step.seconds")
        .update(java.time.Duration.ofMillis(250));
    assertThat(text().lines())
        .contains(
            "buttress_training_step_seconds{quantile=\"0.5\"} 0.25",
            "buttress_training_step_seconds_count 1");
  }

  @Test
  void temporalsTimesAreHistogramsThatReachHours() throws Exception {
    metrics
        .temporal()
        .tagged(Map.of("task_queue", "gpu"))
        .timer("temporal_wait")
        .record(Duration.ofHours(1));
    metrics.close();
    assertThat(text().lines())
        .contains(
            "temporal_wait_seconds_bucket{task_queue=\"gpu\",le=\"1800.0\"} 0",
            "temporal_wait_seconds_bucket{task_queue=\"gpu\",le=\"7200.0\"} 1");
  }

  private String text() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    metrics.write(out);
    return out.toString();
  }
}
