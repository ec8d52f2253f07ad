package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import com.uber.m3.tally.RootScopeBuilder;
import com.uber.m3.tally.Scope;
import com.uber.m3.tally.ScopeCloseException;
import com.uber.m3.util.Duration;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.instrumentation.dropwizard5.labels.CustomLabelMapper;
import io.prometheus.metrics.instrumentation.dropwizard5.labels.MapperConfig;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.temporal.common.reporter.MicrometerClientStatsReporter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a worker measures, Temporal's SDK included, and its form for Prometheus. */
final class WorkerMetrics implements AutoCloseable {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  /** Dropwizard's names have no labels: these have them as their last parts. */
  private static final List<MapperConfig> LABELS =
      List.of(
          labels("buttress.retries", "service", "cause"),
          labels("buttress.activity.failures", "activity", "cause"),
          labels("buttress.bytes", "place", "direction"),
          labels("buttress.trials", "status"),
          labels("buttress.queue.backlog", "queue"),
          labels("buttress.queue.pollers", "queue"));

  /** Of what Temporal's SDK times, from its fastest calls to a queue that waits for hours. */
  private static final double[] SECONDS = {0.005, 0.05, 0.5, 1, 5, 30, 60, 300, 1800, 7200, 28800};

  private static final Duration REPORT = Duration.ofSeconds(1);

  private final MetricRegistry registry = new MetricRegistry();
  private final PrometheusRegistry exported = new PrometheusRegistry();
  private final PrometheusMeterRegistry sdk =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, exported, Clock.SYSTEM);
  private final Scope temporal;

  WorkerMetrics() {
    DropwizardExports.builder()
        .dropwizardRegistry(registry)
        .customLabelMapper(new CustomLabelMapper(LABELS))
        .register(exported);
    JvmMetrics.builder().register(exported);
    sdk.config().meterFilter(histograms());
    temporal =
        new RootScopeBuilder().reporter(new MicrometerClientStatsReporter(sdk)).reportEvery(REPORT);
  }

  private static MapperConfig labels(String name, String... labels) {
    Map<String, String> parts = new TreeMap<>();
    for (int i = 0; i < labels.length; i++) {
      parts.put(labels[i], "${" + i + "}");
    }
    return new MapperConfig(name + ".*".repeat(labels.length), name, parts);
  }

  private static MeterFilter histograms() {
    return new MeterFilter() {
      @Override
      public DistributionStatisticConfig configure(
          Meter.Id id, DistributionStatisticConfig config) {
        if (id.getType() != Meter.Type.TIMER) {
          return config;
        }
        double[] nanos = Arrays.stream(SECONDS).map(s -> s * 1e9).toArray();
        return DistributionStatisticConfig.builder()
            .percentilesHistogram(false)
            .serviceLevelObjectives(nanos)
            .build()
            .merge(config);
      }
    };
  }

  MetricRegistry registry() {
    return registry;
  }

  /** Where Temporal's SDK puts what it measures. */
  Scope temporal() {
    return temporal;
  }

  /** Everything as it is now, in Prometheus's text format. */
  void write(OutputStream out) throws IOException {
    PrometheusTextFormatWriter.create().write(out, exported.scrape());
  }

  @Override
  public void close() throws ScopeCloseException {
    temporal.close();
    sdk.close();
  }
}
