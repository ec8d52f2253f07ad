package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/** A Hugging Face hub, and the local cache that it shares with Python's {@code huggingface_hub}. */
public final class Hub {
  public static final URI DEFAULT_ENDPOINT = URI.create("https://huggingface.co");

  private final HubHttp http;
  private final HubCache cache;
  private final boolean offline;

  /**
   * @param endpoint {@code HF_ENDPOINT}
   * @param token {@code HF_TOKEN}; reaches nothing but the endpoint itself
   * @param home {@code HF_HOME}: the folder that holds {@code hub/}; need not exist
   * @param offline {@code HF_HUB_OFFLINE}: only the cache is used
   * @param metrics where bytes and retries are counted
   */
  public Hub(
      URI endpoint, Optional<String> token, Path home, boolean offline, MetricRegistry metrics) {
    this(endpoint, token, home, offline, Pace.DEFAULT, metrics);
  }

  Hub(
      URI endpoint,
      Optional<String> token,
      Path home,
      boolean offline,
      Pace pace,
      MetricRegistry metrics) {
    this.http = new HubHttp(endpoint, token, pace, metrics);
    this.cache = new HubCache(home.resolve("hub"));
    this.offline = offline;
  }

  HubHttp http() {
    return http;
  }

  HubCache cache() {
    return cache;
  }

  boolean offline() {
    return offline;
  }

  @Override
  public String toString() {
    return http.endpoint()
        + (http.hasToken() ? ", with a token" : "")
        + (offline ? ", offline" : "");
  }
}
