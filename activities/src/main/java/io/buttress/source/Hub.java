package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import java.net.URI;

/** A Hugging Face hub, and the local cache that it shares with Python's {@code huggingface_hub}. */
public final class Hub {
  public static final URI DEFAULT_ENDPOINT = URI.create("https://huggingface.co");

  private final HubAccess access;
  private final HubHttp http;
  private final HubCache cache;

  /**
   * @param metrics where bytes and retries are counted
   */
  public Hub(HubAccess access, MetricRegistry metrics) {
    this(access, Pace.DEFAULT, metrics);
  }

  Hub(HubAccess access, Pace pace, MetricRegistry metrics) {
    this.access = access;
    this.http = new HubHttp(access.endpoint(), access.token(), pace, metrics);
    this.cache = new HubCache(access.home().resolve("hub"));
  }

  HubAccess access() {
    return access;
  }

  HubHttp http() {
    return http;
  }

  HubCache cache() {
    return cache;
  }

  @Override
  public String toString() {
    return access.toString();
  }
}
