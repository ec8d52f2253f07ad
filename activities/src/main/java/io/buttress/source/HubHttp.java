package io.buttress.source;

import com.codahale.metrics.MetricRegistry;
import io.buttress.access.Secrets;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/**
 * A hub's HTTP endpoints. The token goes to the endpoint's own origin only, never to the servers it
 * sends on to. Safe for many threads.
 */
final class HubHttp implements Http.Site {
  private final URI endpoint;
  private final HttpUrl origin;
  private final Optional<String> token;
  private final Secrets secrets;
  private final Http http;

  HubHttp(URI endpoint, Optional<String> token, Pace pace, MetricRegistry metrics) {
    this.endpoint = endpoint;
    this.origin = HttpUrl.get(endpoint);
    this.token = token;
    this.secrets = new Secrets(token.orElse(null));
    this.http = new Http(new OkHttpClient(), address -> true, this, pace, metrics, "hub");
  }

  /** A call of the API. A server that cannot be reached at all is left to the caller at once. */
  String get(String path) throws Refusal, IOException {
    return http.text(HttpUrl.get(endpoint + path));
  }

  /** What a hub says of a file before it sends on to where the bytes are. */
  Headers head(String path) throws Refusal, IOException {
    return http.head(
            HttpUrl.get(endpoint + path),
            answer ->
                answer.header("X-Linked-Etag") != null && answer.header("X-Linked-Size") != null)
        .headers();
  }

  /**
   * Downloads a file, going on where an earlier call stopped.
   *
   * @param file what is there of it; grows
   * @param progress told its size about once a second; what it throws ends the download
   */
  void download(String path, Path file, long size, LongConsumer progress)
      throws Refusal, IOException {
    new HttpDownload(http, HttpUrl.get(endpoint + path), file, new OfCommit(size), progress).run();
  }

  /** A file of a commit does not change: what has come of it stays good. */
  private record OfCommit(long size) implements Resumption {
    @Override
    public long most() {
      return Long.MAX_VALUE;
    }

    @Override
    public Map<String, String> conditions() {
      return Map.of();
    }

    @Override
    public void begin(PartialFile part, Response answer) {}
  }

  @Override
  public Map<String, String> headers(HttpUrl to) {
    return isFinal(to) && token.isPresent()
        ? Map.of("Authorization", "Bearer " + token.get())
        : Map.of();
  }

  @Override
  public void checkRedirect(HttpUrl from, HttpUrl to) throws IOException {
    if (from.isHttps() && !to.isHttps()) {
      throw new IOException(from.host() + " redirects to no https address");
    }
  }

  /** What another server refuses is a link that has expired: the hub gives a new one. */
  @Override
  public boolean isFinal(HttpUrl from) {
    return origin.isHttps() == from.isHttps()
        && origin.host().equals(from.host())
        && origin.port() == from.port();
  }

  @Override
  public Secrets secrets() {
    return secrets;
  }

  @Override
  public String toString() {
    return endpoint.toString();
  }
}
