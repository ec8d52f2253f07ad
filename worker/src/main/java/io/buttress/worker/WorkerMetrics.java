package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;

/** What a worker measures, and its form for Prometheus. */
final class WorkerMetrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final MetricRegistry registry = new MetricRegistry();
  private final PrometheusRegistry exported = new PrometheusRegistry();

  WorkerMetrics() {
    DropwizardExports.builder().dropwizardRegistry(registry).register(exported);
    JvmMetrics.builder().register(exported);
  }

  MetricRegistry registry() {
    return registry;
  }

  /** Everything as it is now, in Prometheus's text format. */
  void write(OutputStream out) throws IOException {
    PrometheusTextFormatWriter.create().write(out, exported.scrape());
  }
}
