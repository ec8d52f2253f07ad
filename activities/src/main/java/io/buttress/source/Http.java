package io.buttress.source;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import io.buttress.access.Secrets;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Dispatcher;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/** Requests. Redirects are followed by hand, as the site allows. Safe for many threads. */
final class Http {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final int MOST_REDIRECTS = 10;
  static final int OK = 200;
  static final int PARTIAL = 206;
  private static final Set<Integer> REDIRECT = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 416, 425, 429, 500, 502, 503, 504);
  static final Map<String, String> IDENTITY = Map.of("Accept-Encoding", "identity");

  private final OkHttpClient client;
  private final Site site;
  private final Pace pace;
  private final Counter received;
  private final Retries retries;

  /**
   * @param base what connections are made with
   * @param admitted the addresses that it may connect to
   * @param metrics where bytes and retries are counted
   * @param place what is called, one word for metrics
   */
  Http(
      OkHttpClient base,
      Predicate<InetAddress> admitted,
      Site site,
      Pace pace,
      MetricRegistry metrics,
      String place) {
    this.received = metrics.counter(MetricRegistry.name("buttress.bytes", place, "read"));
    this.client =
        base.newBuilder()
            .protocols(List.of(Protocol.HTTP_1_1))
            .followRedirects(false)
            .followSslRedirects(false)
            .socketFactory(new AdmittedSockets(admitted))
            .connectTimeout(CONNECT_TIMEOUT)
            .readTimeout(pace.stall())
            .dispatcher(dispatcher())
            .build();
    this.site = site;
    this.pace = pace;
    this.retries = new Retries(site, pace, metrics, place);
  }

  private static Dispatcher dispatcher() {
    Dispatcher dispatcher = new Dispatcher(Executors.newCachedThreadPool(Http::daemon));
    dispatcher.setMaxRequestsPerHost(dispatcher.getMaxRequests());
    return dispatcher;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "http");
    thread.setDaemon(true);
    return thread;
  }

  /** Servers that belong together; {@code toString} is their name in messages. */
  interface Site {
    /** What a request carries there beside its own headers. */
    Map<String, String> headers(HttpUrl to);

    /** Throws when requests may not be sent on to there. */
    void checkRedirect(HttpUrl from, HttpUrl to) throws IOException;

    /** Whether a no from there is final: links of others expire. */
    boolean isFinal(HttpUrl from);

    /** What it knows from us and may repeat. */
    default Secrets secrets() {
      return Secrets.NONE;
    }
  }

  /** What is made of an answer. Runs while its bytes come. */
  @FunctionalInterface
  interface Reading<T> {
    T of(Response answer) throws IOException;
  }

  /** The text that is answered. A server that cannot be reached is left to the caller at once. */
  String text(HttpUrl url) throws Refusal, IOException {
    return retries.of(
        () -> {
          try {
            return follow("GET", url, Map.of(), answer -> false, answer -> answer.body().string());
          } catch (ConnectException | NoRouteToHostException | UnknownHostException e) {
            throw new FinalException("no connection", e);
          }
        });
  }

  /** An answer without its content. */
  Response head(HttpUrl url, Predicate<Response> enough) throws Refusal, IOException {
    return retries.of(() -> follow("HEAD", url, IDENTITY, enough, answer -> answer));
  }

  /**
   * Reads an answer of any size, once.
   *
   * @param everySecond runs as long as the answer comes, also when nothing does; what it throws
   *     ends that
   */
  <T> T stream(HttpUrl url, Map<String, String> headers, Reading<T> reading, Runnable everySecond)
      throws Refusal, IOException {
    return follow("GET", url, headers, answer -> false, reading, everySecond);
  }

  Retries retries() {
    return retries;
  }

  /** Counts bytes. */
  Counter received() {
    return received;
  }

  private <T> T follow(
      String method,
      HttpUrl url,
      Map<String, String> headers,
      Predicate<Response> enough,
      Reading<T> reading)
      throws Refusal, IOException {
    return follow(method, url, headers, enough, reading, null);
  }

  /**
   * @param enough whether a redirect says all that is wanted
   * @param everySecond null: the answer is small
   */
  private <T> T follow(
      String method,
      HttpUrl url,
      Map<String, String> headers,
      Predicate<Response> enough,
      Reading<T> reading,
      Runnable everySecond)
      throws Refusal, IOException {
    HttpUrl at = url;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      Request.Builder request = new Request.Builder().url(at).method(method, null);
      headers.forEach(request::header);
      site.headers(at).forEach(request::header);
      HttpUrl asked = at;
      Answer<T> answer =
          await(
              request.build(),
              response -> {
                int status = response.code();
                boolean wanted =
                    status == OK
                        || status == PARTIAL
                        || REDIRECT.contains(status) && enough.test(response);
                return new Answer<>(response, wanted, wanted ? reading.of(response) : null);
              },
              everySecond);
      if (answer.wanted()) {
        return answer.content();
      }
      Response response = answer.response();
      if (!REDIRECT.contains(response.code())) {
        throw refused(asked, response);
      }
      at = asked.resolve(response.header("Location", ""));
      if (at == null) {
        throw new FinalException(asked.host() + " redirects to no http or https address");
      }
      site.checkRedirect(asked, at);
    }
    throw new FinalException(site + " redirects more than " + MOST_REDIRECTS + " times");
  }

  /** An answer, which is closed, and what was read of it. */
  private record Answer<T>(Response response, boolean wanted, T content) {}

  private IOException refused(HttpUrl url, Response answer) throws Refusal {
    int status = answer.code();
    if (!site.isFinal(url) || TRANSIENT.contains(status)) {
      return new BusyException(url.host(), status, retryAfter(answer));
    }
    throw new Refusal(status, answer.headers(), site.secrets());
  }

  private static Duration retryAfter(Response answer) {
    String text = answer.header("Retry-After", "").strip();
    if (text.matches("\\d{1,9}")) {
      return Duration.ofSeconds(Long.parseLong(text));
    }
    try {
      Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(Instant.now(), at);
      return wait.isNegative() ? null : wait;
    } catch (DateTimeException e) {
      return null;
    }
  }

  /**
   * Another thread reads the answer: reading ends by an interrupt or by what {@code everySecond}
   * throws even while nothing comes.
   */
  private <T> T await(Request request, Reading<T> reading, Runnable everySecond)
      throws IOException {
    Call call = client.newCall(request);
    Duration limit = everySecond == null ? ANSWER_TIMEOUT : pace.stall();
    if (everySecond == null) {
      call.timeout().timeout(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    call.enqueue(new Completion<>(result, reading));
    try {
      while (true) {
        try {
          return result.get(1, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
          if (everySecond != null) {
            everySecond.run();
          }
        }
      }
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof InterruptedIOException) {
        // What OkHttp throws when time is up, whether for a read or for the whole call.
        throw new SocketTimeoutException("nothing has come for " + limit.toSeconds() + " s");
      }
      throw site.secrets()
          .hide(
              cause instanceof IOException problem
                  ? problem
                  : new IOException(String.valueOf(cause.getMessage()), cause));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + site);
    } finally {
      call.cancel();
    }
  }

  @Override
  public String toString() {
    return site.toString();
  }

  private record Completion<T>(CompletableFuture<T> result, Reading<T> reading)
      implements Callback {
    @Override
    public void onResponse(Call call, Response response) {
      try (response) {
        result.complete(reading.of(response));
      } catch (IOException | RuntimeException e) {
        result.completeExceptionally(e);
      }
    }

    @Override
    public void onFailure(Call call, IOException e) {
      result.completeExceptionally(e);
    }
  }
}
