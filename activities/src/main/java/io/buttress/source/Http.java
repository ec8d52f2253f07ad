package io.buttress.source;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import dev.failsafe.ExecutionContext;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import dev.failsafe.RetryPolicyBuilder;
import dev.failsafe.function.CheckedPredicate;
import io.buttress.access.Secrets;
import io.buttress.storage.DiskWriteException;
import io.buttress.storage.RetryCounter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Dispatcher;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that are tried again, and downloads that go on where they were cut. Redirects are
 * followed by hand, as the site allows. Safe for many threads.
 */
final class Http {
  private static final Logger LOG = LoggerFactory.getLogger(Http.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);
  private static final int MOST_WAITS = 5;
  private static final int MOST_REDIRECTS = 10;
  private static final int MEGABYTE = 1_000_000;
  static final int OK = 200;
  static final int PARTIAL = 206;

  /** The range that is asked for. */
  private static final int NOT_THERE = 416;

  private static final Set<Integer> REDIRECT = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 416, 425, 429, 500, 502, 503, 504);
  private static final Map<String, String> IDENTITY = Map.of("Accept-Encoding", "identity");

  private final OkHttpClient client;
  private final Site site;
  private final Pace pace;
  private final RetryCounter retryCounter;
  private final Counter received;
  private final FailsafeExecutor<Object> retries;

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
    this.retryCounter = new RetryCounter(metrics, place);
    this.received = metrics.counter(MetricRegistry.name("buttress.bytes", place, "read"));
    this.client =
        base.newBuilder()
            .protocols(List.of(Protocol.HTTP_1_1))
            .followRedirects(false)
            .followSslRedirects(false)
            .socketFactory(new AdmittedSockets(admitted))
            .connectTimeout(CONNECT_TIMEOUT)
            // What stands still is noticed by who waits, who also tells watchers.
            .readTimeout(Duration.ZERO)
            .dispatcher(dispatcher())
            .build();
    this.site = site;
    this.pace = pace;
    RetryPolicy<Object> failing =
        policy(Http::isTransient).withMaxRetries(-1).withMaxDuration(pace.patience()).build();
    RetryPolicy<Object> waiting = policy(Http::asksToWait).withMaxRetries(MOST_WAITS).build();
    this.retries = Failsafe.with(waiting, failing);
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

  private RetryPolicyBuilder<Object> policy(CheckedPredicate<Throwable> handled) {
    return RetryPolicy.builder()
        .handleIf(handled)
        .withDelayFn(this::delay)
        .onRetryScheduled(
            event -> {
              count(event.getLastException());
              LOG.info(
                  "{} fails, trying again in {} ms: {}",
                  site,
                  event.getDelay().toMillis(),
                  String.valueOf(event.getLastException()));
            });
  }

  private void count(Throwable problem) {
    if (problem instanceof BusyException busy) {
      retryCounter.status(busy.status());
    } else {
      retryCounter.problem(problem);
    }
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

  /** How a download goes on where it was cut. */
  interface Resumption {
    /** Bytes of the whole file; -1: not known yet. */
    long size();

    /** The most bytes that are taken. */
    long most();

    /** Headers with which to ask for the rest; null: it must be asked for from the start. */
    Map<String, String> conditions() throws IOException;

    /** Notes what the server says of the file before its bytes come; throws to refuse them. */
    void begin(PartialFile part, Response answer) throws IOException;
  }

  /** The text that is answered. A server that cannot be reached is left to the caller at once. */
  String text(HttpUrl url) throws Refusal, IOException {
    return retried(
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
    return retried(() -> follow("HEAD", url, IDENTITY, enough, answer -> answer));
  }

  /**
   * Downloads a file, going on where an earlier call stopped.
   *
   * @param file what is there of it; grows
   * @param progress told its size now and then; what it throws ends the download
   */
  void download(HttpUrl url, Path file, Resumption resumption, LongConsumer progress)
      throws Refusal, IOException {
    boolean whole = false;
    AtomicLong furthest = new AtomicLong(Files.exists(file) ? Files.size(file) : 0);
    while (!whole) {
      // A cut that came after much is no failure: patience is for servers that give nothing.
      whole = retried(() -> part(url, file, resumption, furthest, progress));
    }
  }

  /**
   * Whether the file is whole.
   *
   * @param furthest the most that has come, ever: a server that begins anew each time gives nothing
   */
  private boolean part(
      HttpUrl url, Path file, Resumption resumption, AtomicLong furthest, LongConsumer progress)
      throws Refusal, IOException {
    try (PartialFile part = PartialFile.open(file)) {
      if (part.size() == resumption.size()) {
        return true;
      }
      if (resumption.size() >= 0 && part.size() > resumption.size()) {
        part.restart();
      }
      Map<String, String> headers = new HashMap<>(IDENTITY);
      Map<String, String> conditions = resumption.conditions();
      if (conditions == null) {
        part.restart();
      } else if (part.size() > 0) {
        headers.put("Range", "bytes=" + part.size() + "-");
        headers.putAll(conditions);
      }
      part.requireSpace(resumption.size());
      progress.accept(part.size());
      try {
        follow(
            "GET",
            url,
            headers,
            answer -> false,
            answer -> {
              part.begin(answer.code() == OK ? OptionalLong.of(0) : contentStart(answer));
              resumption.begin(part, answer);
              requireAtMost(resumption.most(), resumption.size());
              part.requireSpace(resumption.size());
              InputStream in = answer.body().byteStream();
              long before = part.size();
              try {
                requireAtMost(resumption.most(), part.append(in, resumption.most()));
              } finally {
                received.inc(part.size() - before);
              }
              return null;
            },
            () -> {
              progress.accept(part.size());
              return part.size();
            });
      } catch (IOException e) {
        if (e instanceof BusyException busy && busy.status() == NOT_THERE) {
          part.restart();
        }
        if (!isTransient(e) || part.size() - furthest.get() < PartialFile.MUCH) {
          throw e;
        }
        furthest.set(part.size());
        LOG.info("{} breaks off after {} bytes, going on: {}", site, part.size(), e.toString());
        return false;
      }
      if (resumption.size() >= 0 && part.size() != resumption.size()) {
        throw new IOException("the file has " + part.size() + " bytes, not " + resumption.size());
      }
      return true;
    }
  }

  /**
   * How far a download is, for people.
   *
   * @param size -1: not known
   */
  static String megabytes(long bytes, long size) {
    return bytes / MEGABYTE + (size < 0 ? "" : " of " + size / MEGABYTE) + " MB";
  }

  private static void requireAtMost(long most, long bytes) throws FinalException {
    if (bytes > most) {
      throw new FinalException("is larger than " + most / MEGABYTE + " MB");
    }
  }

  /** Of {@code Content-Range: bytes 100-199/200}, 100. */
  private static OptionalLong contentStart(Response answer) {
    String range = answer.header("Content-Range", "");
    String start = range.replaceFirst("^bytes (\\d{1,18})-.*$", "$1");
    return start.matches("\\d+") ? OptionalLong.of(Long.parseLong(start)) : OptionalLong.empty();
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
   * @param received how many bytes have come, may throw to end it; null: the answer is small
   */
  private <T> T follow(
      String method,
      HttpUrl url,
      Map<String, String> headers,
      Predicate<Response> enough,
      Reading<T> reading,
      LongSupplier received)
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
              received);
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

  private <T> T await(Request request, Reading<T> reading, LongSupplier received)
      throws IOException {
    Call call = client.newCall(request);
    CompletableFuture<T> result = new CompletableFuture<>();
    call.enqueue(new Completion<>(result, reading));
    Duration limit = received == null ? ANSWER_TIMEOUT : pace.stall();
    long bytes = -1;
    long since = System.nanoTime();
    try {
      while (true) {
        try {
          return result.get(1, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
          long now = received == null ? bytes : received.getAsLong();
          if (now != bytes) {
            bytes = now;
            since = System.nanoTime();
          } else if (System.nanoTime() - since > limit.toNanos()) {
            throw new SocketTimeoutException("nothing has come for " + limit.toSeconds() + " s");
          }
        }
      }
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
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

  private Duration delay(ExecutionContext<Object> context) {
    double step = pace.firstDelay().toMillis() * Math.pow(2, context.getAttemptCount() - 1);
    double capped = Math.min(step, pace.longestDelay().toMillis());
    long drawn = (long) (capped * 2 * ThreadLocalRandom.current().nextDouble());
    Throwable problem = context.getLastException();
    if (problem instanceof BusyException busy && busy.retryAfter() != null) {
      return busy.retryAfter().plusMillis(drawn);
    }
    return Duration.ofMillis(drawn);
  }

  /** A wait that is asked for may be longer than the patience with failures. */
  private static boolean asksToWait(Throwable problem) {
    return problem instanceof BusyException busy
        && busy.retryAfter() != null
        && busy.retryAfter().compareTo(LONGEST_WAIT) <= 0;
  }

  private static boolean isTransient(Throwable problem) {
    return problem instanceof SocketTimeoutException
        || problem instanceof IOException
            && !(problem instanceof BusyException busy && busy.retryAfter() != null)
            && !(problem instanceof FinalException)
            && !(problem instanceof InterruptedIOException)
            && !(problem instanceof FileSystemException)
            && !(problem instanceof DiskWriteException)
            && !(problem instanceof SSLHandshakeException)
            && !(problem instanceof SSLPeerUnverifiedException);
  }

  /** What trying again does not mend. */
  static class FinalException extends IOException {
    private static final long serialVersionUID = 1L;

    FinalException(String message) {
      super(message);
    }

    FinalException(String message, IOException cause) {
      super(message, cause);
    }
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T run() throws Refusal, IOException;
  }

  private <T> T retried(Attempt<T> attempt) throws Refusal, IOException {
    try {
      return retries.get(attempt::run);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof Refusal refusal) {
        throw refusal;
      }
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + site);
      }
      throw (IOException) e.getCause();
    }
  }
}
