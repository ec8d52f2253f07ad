package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TrainingMetricsTest {
  private final MetricRegistry registry = new MetricRegistry();
  private final TrainingMetrics metrics = new TrainingMetrics(registry);

  @Test
  void aStepTakesTheMeanUntilTheDeviceIsWaitedFor() {
    metrics.step(8, TimeUnit.MILLISECONDS.toNanos(1), false, null);
    metrics.step(8, TimeUnit.MILLISECONDS.toNanos(1), false, null);
    assertThat(registry.timer("buttress.training.step.seconds").getCount()).isZero();
    metrics.step(8, TimeUnit.MILLISECONDS.toNanos(28), true, 0.5);
    assertThat(registry.timer("buttress.training.step.seconds").getCount()).isEqualTo(3);
    assertThat(registry.timer("buttress.training.step.seconds").getSnapshot().getValues())
        .containsOnly(TimeUnit.MILLISECONDS.toNanos(10));
    assertThat(registry.counter("buttress.training.examples").getCount()).isEqualTo(24);
  }

  @Test
  void thereIsALossOnlyWhileSomethingTrains() {
    assertThat(loss()).isNaN();
    metrics.step(1, 1, true, 0.25);
    assertThat(loss()).isEqualTo(0.25);
    metrics.ended();
    assertThat(loss()).isNaN();
  }

  private double loss() {
    return (double) registry.getGauges().get("buttress.training.loss").getValue();
  }
}
