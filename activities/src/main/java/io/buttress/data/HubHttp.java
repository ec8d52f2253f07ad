package io.buttress.data;

import dev.failsafe.ExecutionContext;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import dev.failsafe.RetryPolicyBuilder;
import dev.failsafe.function.CheckedPredicate;
import io.buttress.storage.DiskWriteException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hub's HTTP endpoints. Redirects are followed by hand: the token goes to the endpoint's own
 * origin only, never to the servers it sends on to. Safe for many threads.
 */
final class HubHttp {
  private static final Logger LOG = LoggerFactory.getLogger(HubHttp.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);
  private static final int MOST_WAITS = 5;
  private static final int MOST_REDIRECTS = 10;
  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final Set<Integer> REDIRECT = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> TRANSIENT = Set.of(408, 416, 425, 429, 500, 502, 503, 504);

  private final URI endpoint;
  private final Optional<String> token;
  private final Hub.Pace pace;
  private final FailsafeExecutor<Object> retries;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  HubHttp(URI endpoint, Optional<String> token, Hub.Pace pace) {
    this.endpoint = endpoint;
    this.token = token;
    this.pace = pace;
    RetryPolicy<Object> failing =
        policy(HubHttp::isTransient).withMaxRetries(-1).withMaxDuration(pace.patience()).build();
    RetryPolicy<Object> waiting = policy(HubHttp::asksToWait).withMaxRetries(MOST_WAITS).build();
    this.retries = Failsafe.with(waiting, failing);
  }

  private RetryPolicyBuilder<Object> policy(CheckedPredicate<Throwable> handled) {
    return RetryPolicy.builder()
        .handleIf(handled)
        .withDelayFn(this::delay)
        .onRetryScheduled(
            event ->
                LOG.info(
                    "{} fails, trying again in {} ms: {}",
                    endpoint,
                    event.getDelay().toMillis(),
                    String.valueOf(event.getLastException())));
  }

  URI endpoint() {
    return endpoint;
  }

  boolean hasToken() {
    return token.isPresent();
  }

  /** A call of the API. A server that cannot be reached at all is left to the caller at once. */
  String get(String path) throws HubRefusal, IOException {
    return retried(
        () -> {
          try {
            return follow("GET", path, Map.of(), BodyHandlers.ofString(), answer -> false).body();
          } catch (ConnectException | HttpConnectTimeoutException e) {
            throw new UnreachableException(e);
          }
        });
  }

  /** What a hub says of a file before it sends on to where the bytes are. */
  HttpHeaders head(String path) throws HubRefusal, IOException {
    return retried(
        () ->
            follow(
                    "HEAD",
                    path,
                    Map.of("Accept-Encoding", "identity"),
                    BodyHandlers.discarding(),
                    answer ->
                        Stream.of("X-Linked-Etag", "X-Linked-Size")
                            .allMatch(name -> answer.headers().firstValue(name).isPresent()))
                .headers());
  }

  /**
   * Downloads a file, going on where an earlier call stopped.
   *
   * @param file what is there of it; grows
   * @param progress told its size now and then; what it throws ends the download
   */
  void download(String path, Path file, long size, LongConsumer progress)
      throws HubRefusal, IOException {
    boolean whole = false;
    while (!whole) {
      // A cut that came after much is no failure: patience is for servers that give nothing.
      whole = retried(() -> part(path, file, size, progress));
    }
  }

  /** Whether the file is whole. */
  private boolean part(String path, Path file, long size, LongConsumer progress)
      throws HubRefusal, IOException {
    try (PartialFile part = PartialFile.open(file)) {
      long start = part.size();
      if (start > size) {
        part.restart();
      }
      if (part.size() == size) {
        return true;
      }
      progress.accept(part.size());
      try {
        follow(
            "GET",
            path,
            part.size() == 0
                ? Map.of("Accept-Encoding", "identity")
                : Map.of("Accept-Encoding", "identity", "Range", "bytes=" + part.size() + "-"),
            body(part),
            answer -> false,
            () -> {
              progress.accept(part.size());
              return part.size();
            });
      } catch (IOException e) {
        part.failure();
        if (!isTransient(e) || part.size() - start < PartialFile.MUCH) {
          throw e;
        }
        LOG.info("{} breaks off after {} bytes, going on: {}", endpoint, part.size(), e.toString());
        return false;
      }
      part.failure();
      if (part.size() != size) {
        throw new IOException("the file has " + part.size() + " bytes, not " + size);
      }
      return true;
    }
  }

  private static BodyHandler<Void> body(PartialFile part) {
    return info -> {
      if (info.statusCode() != OK && info.statusCode() != PARTIAL) {
        return BodySubscribers.discarding();
      }
      OptionalLong from =
          info.statusCode() == OK ? OptionalLong.of(0) : contentStart(info.headers());
      return BodySubscribers.ofByteArrayConsumer(
          bytes -> bytes.ifPresent(piece -> part.write(from, piece)));
    };
  }

  /** Of {@code Content-Range: bytes 100-199/200}, 100. */
  private static OptionalLong contentStart(HttpHeaders headers) {
    String range = headers.firstValue("Content-Range").orElse("");
    String start = range.replaceFirst("^bytes (\\d{1,18})-.*$", "$1");
    return start.matches("\\d+") ? OptionalLong.of(Long.parseLong(start)) : OptionalLong.empty();
  }

  private <T> HttpResponse<T> follow(
      String method,
      String path,
      Map<String, String> headers,
      BodyHandler<T> body,
      Predicate<HttpResponse<T>> enough)
      throws HubRefusal, IOException {
    return follow(method, path, headers, body, enough, null);
  }

  /**
   * @param enough whether a redirect says all that is wanted
   * @param received how many bytes have come, may throw to end it; null: the answer is small
   */
  private <T> HttpResponse<T> follow(
      String method,
      String path,
      Map<String, String> headers,
      BodyHandler<T> body,
      Predicate<HttpResponse<T>> enough,
      LongSupplier received)
      throws HubRefusal, IOException {
    URI uri = URI.create(endpoint + path);
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody());
      headers.forEach(request::header);
      if (received == null) {
        request.timeout(ANSWER_TIMEOUT);
      }
      boolean own = isOwn(uri);
      if (own && token.isPresent()) {
        request.header("Authorization", "Bearer " + token.get());
      }
      HttpResponse<T> answer = await(client.sendAsync(request.build(), body), received);
      int status = answer.statusCode();
      if (!REDIRECT.contains(status)) {
        check(uri.getHost(), own, status, answer.headers());
        return answer;
      }
      if (enough.test(answer)) {
        return answer;
      }
      uri = target(uri, answer.headers());
    }
    throw new IOException(endpoint + " redirects more than " + MOST_REDIRECTS + " times");
  }

  private boolean isOwn(URI uri) {
    return endpoint.getScheme().equalsIgnoreCase(uri.getScheme())
        && endpoint.getHost().equalsIgnoreCase(uri.getHost())
        && endpoint.getPort() == uri.getPort();
  }

  private static URI target(URI from, HttpHeaders headers) throws IOException {
    URI to;
    try {
      to = from.resolve(headers.firstValue("Location").orElse(""));
    } catch (IllegalArgumentException e) {
      throw new IOException(from.getHost() + " redirects to what is no address", e);
    }
    boolean secure = "https".equalsIgnoreCase(to.getScheme());
    boolean plain = "http".equalsIgnoreCase(to.getScheme());
    if (to.getHost() == null || !(secure || plain && "http".equalsIgnoreCase(from.getScheme()))) {
      throw new IOException(from.getHost() + " redirects to no https address");
    }
    return to;
  }

  private static void check(String host, boolean own, int status, HttpHeaders headers)
      throws HubRefusal, IOException {
    if (status == OK || status == PARTIAL) {
      return;
    }
    // What another server refuses is a link that has expired: the hub gives a new one.
    if (!own || TRANSIENT.contains(status)) {
      throw new HubBusyException(host, status, retryAfter(headers));
    }
    throw new HubRefusal(status, headers);
  }

  private static Duration retryAfter(HttpHeaders headers) {
    String text = headers.firstValue("Retry-After").orElse("").strip();
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

  private <T> T await(CompletableFuture<T> answer, LongSupplier received) throws IOException {
    long bytes = -1;
    long since = System.nanoTime();
    try {
      while (true) {
        try {
          return answer.get(1, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
          long now = received == null ? bytes : received.getAsLong();
          if (now != bytes) {
            bytes = now;
            since = System.nanoTime();
          } else if (received != null && System.nanoTime() - since > pace.stall().toNanos()) {
            throw new HttpTimeoutException(
                "nothing has come for " + pace.stall().toSeconds() + " s");
          }
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException problem) {
        throw problem;
      }
      throw new IOException(String.valueOf(e.getCause().getMessage()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + endpoint);
    } finally {
      answer.cancel(true);
    }
  }

  private Duration delay(ExecutionContext<Object> context) {
    double step = pace.firstDelay().toMillis() * Math.pow(2, context.getAttemptCount() - 1);
    double capped = Math.min(step, pace.longestDelay().toMillis());
    long drawn = (long) (capped * 2 * ThreadLocalRandom.current().nextDouble());
    Throwable problem = context.getLastException();
    if (problem instanceof HubBusyException busy && busy.retryAfter() != null) {
      return busy.retryAfter().plusMillis(drawn);
    }
    return Duration.ofMillis(drawn);
  }

  /** A wait that is asked for may be longer than the patience with failures. */
  private static boolean asksToWait(Throwable problem) {
    return problem instanceof HubBusyException busy
        && busy.retryAfter() != null
        && busy.retryAfter().compareTo(LONGEST_WAIT) <= 0;
  }

  private static boolean isTransient(Throwable problem) {
    return problem instanceof IOException
        && !(problem instanceof HubBusyException busy && busy.retryAfter() != null)
        && !(problem instanceof UnreachableException)
        && !(problem instanceof InterruptedIOException)
        && !(problem instanceof FileSystemException)
        && !(problem instanceof DiskWriteException)
        && !(problem instanceof SSLHandshakeException);
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T run() throws HubRefusal, IOException;
  }

  private <T> T retried(Attempt<T> attempt) throws HubRefusal, IOException {
    try {
      return retries.get(attempt::run);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof HubRefusal refusal) {
        throw refusal;
      }
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + endpoint);
      }
      throw (IOException) e.getCause();
    }
  }

  /** No connection at all. */
  private static final class UnreachableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnreachableException(IOException cause) {
      super("no connection", cause);
    }
  }
}
