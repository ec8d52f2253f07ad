package io.buttress.storage;

import com.codahale.metrics.MetricRegistry;

/** Counts calls that are tried again, by their cause: {@code buttress.retries.SERVICE.CAUSE}. */
public final class RetryCounter {
  private final MetricRegistry metrics;
  private final String service;

  /**
   * @param service what is called, one word
   */
  public RetryCounter(MetricRegistry metrics, String service) {
    this.metrics = metrics;
    this.service = service;
  }

  /** A call that an HTTP server answered with a status. */
  public void status(int status) {
    count("http_" + status);
  }

  /** A call that failed otherwise; what counts is what happened first. */
  public void problem(Throwable problem) {
    Throwable root = problem;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    count(root.getClass().getSimpleName());
  }

  private void count(String cause) {
    metrics.counter(MetricRegistry.name("buttress.retries", service, cause)).inc();
  }
}
