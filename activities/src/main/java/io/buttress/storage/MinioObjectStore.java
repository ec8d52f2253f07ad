package io.buttress.storage;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RetryPolicy;
import io.buttress.access.Secrets;
import io.buttress.access.TlsProblem;
import io.minio.BucketExistsArgs;
import io.minio.CopyObjectArgs;
import io.minio.GetObjectArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.SourceObject;
import io.minio.StatObjectArgs;
import io.minio.UploadObjectArgs;
import io.minio.credentials.StaticProvider;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InsufficientDataException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.MinioException;
import io.minio.errors.ServerException;
import io.minio.errors.XmlParserException;
import io.minio.messages.Item;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.net.ssl.SSLHandshakeException;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.tls.HandshakeCertificates;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Objects in a bucket of MinIO, or of another S3 service that has conditional writes. */
public final class MinioObjectStore implements ObjectStore {
  private static final Logger LOG = LoggerFactory.getLogger(MinioObjectStore.class);
  private static final String ENDPOINT = "AWS_ENDPOINT_URL_S3";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration IO_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration FIRST_DELAY = Duration.ofMillis(200);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

  /** 409: another conditional write of the key is under way. */
  private static final Set<Integer> TRANSIENT_STATUS = Set.of(408, 409, 429, 500, 502, 503, 504);

  /** S3 sends these with other statuses, too: 400, or 200 when it has begun to answer. */
  private static final Set<String> TRANSIENT_CODE =
      Set.of("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "IncompleteBody");

  /** Largest object S3 takes in one piece; the condition does not reach multipart uploads. */
  private static final long LARGEST = 5L << 30;

  private final MinioClient client;
  private final URI endpoint;
  private final Secrets secrets;
  private final String bucket;
  private final RetryCounter retryCounter;
  private final Counter read;
  private final Counter written;
  private final FailsafeExecutor<Object> retries;

  /** With the authorities that the JVM trusts. */
  public MinioObjectStore(
      URI endpoint,
      String region,
      String accessKey,
      String secretKey,
      String bucket,
      Duration patience) {
    this(
        new S3Access(endpoint, region, accessKey, secretKey, null, null),
        bucket,
        patience,
        new MetricRegistry());
  }

  /**
   * Connects on first use.
   *
   * @param bucket must exist
   * @param patience how long every call goes on trying while the server is down or busy
   * @throws IllegalArgumentException when endpoint or bucket cannot be such
   */
  public MinioObjectStore(
      S3Access access, String bucket, Duration patience, MetricRegistry metrics) {
    this.endpoint = access.endpoint();
    this.secrets = access.secrets();
    this.bucket = BucketExistsArgs.builder().bucket(bucket).build().bucket();
    MinioClient.Builder builder =
        MinioClient.builder()
            .endpoint(endpoint.toString())
            .region(access.region())
            .credentialsProvider(
                new StaticProvider(access.accessKey(), access.secretKey(), access.sessionToken()));
    if (access.authorities() != null) {
      // The client closes what it is given.
      builder.httpClient(http(access.authorities()), true);
    }
    this.client = builder.build();
    long connect = Math.min(CONNECT_TIMEOUT.toMillis(), patience.toMillis());
    long io = Math.min(IO_TIMEOUT.toMillis(), patience.toMillis());
    client.setTimeout(connect, io, io);
    this.retryCounter = new RetryCounter(metrics, "store");
    this.read = metrics.counter("buttress.bytes.store.read");
    this.written = metrics.counter("buttress.bytes.store.written");
    this.retries = Failsafe.with(retries(patience));
  }

  private static OkHttpClient http(HandshakeCertificates trusted) {
    return new OkHttpClient.Builder()
        .protocols(List.of(Protocol.HTTP_1_1))
        .sslSocketFactory(trusted.sslSocketFactory(), trusted.trustManager())
        .build();
  }

  /**
   * Checks that objects can be stored, exclusively, and deleted.
   *
   * @throws IOException with one line that says what is wrong and which settings to look at
   */
  public void verifyWritable() throws IOException {
    String key = ".probe/" + UUID.randomUUID();
    Path file = Files.createTempFile("probe-", "");
    try {
      // What the first says is of no matter: it is false when an answer was lost on the way.
      putIfAbsent(key, file);
      boolean overwritten = putIfAbsent(key, file);
      delete(key);
      if (overwritten) {
        throw new IOException(
            "the object store at "
                + endpoint
                + " ignores 'If-None-Match: *' on writes, which Buttress needs; use one that"
                + " supports it (AWS_ENDPOINT_URL_S3)");
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public boolean putIfAbsent(String key, Path file) throws IOException {
    long size = Files.size(file);
    if (size > LARGEST) {
      throw new IOException(file + " is larger than 5 GiB, the most one object may hold");
    }
    return call(
        "store " + key,
        () -> {
          try {
            client.uploadObject(
                UploadObjectArgs.builder()
                    .bucket(bucket)
                    .object(key)
                    .filename(file.toString(), LARGEST)
                    .headers(Map.of("If-None-Match", "*"))
                    .contentType("application/octet-stream")
                    .build());
            written.inc(size);
            return true;
          } catch (ErrorResponseException e) {
            if (e.response().code() == 412) {
              return false;
            }
            throw e;
          }
        });
  }

  @Override
  public Optional<InputStream> get(String key) throws IOException {
    return call(
        "read " + key,
        () ->
            present(
                () ->
                    new CountedStream(
                        client.getObject(
                            GetObjectArgs.builder().bucket(bucket).object(key).build()),
                        read,
                        retryCounter)));
  }

  @Override
  public boolean exists(String key) throws IOException {
    return call(
            "look up " + key,
            () ->
                present(
                    () ->
                        client.statObject(
                            StatObjectArgs.builder().bucket(bucket).object(key).build())))
        .isPresent();
  }

  @Override
  public List<Entry> entries(String prefix) throws IOException {
    return call(
        "list " + prefix,
        () -> {
          List<Entry> entries = new ArrayList<>();
          for (Result<Item> item :
              client.listObjects(
                  ListObjectsArgs.builder()
                      .bucket(bucket)
                      .prefix(prefix)
                      .recursive(true)
                      .build())) {
            Item found = item.get();
            entries.add(
                new Entry(found.objectName(), found.size(), found.lastModified().toInstant()));
          }
          entries.sort(Comparator.comparing(Entry::key));
          return entries;
        });
  }

  @Override
  public void delete(String key) throws IOException {
    call(
        "delete " + key,
        () -> {
          client.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(key).build());
          return null;
        });
  }

  @Override
  public void copy(String from, String to) throws IOException {
    call(
        "copy " + from + " to " + to,
        () ->
            client.copyObject(
                CopyObjectArgs.builder()
                    .bucket(bucket)
                    .object(to)
                    .source(SourceObject.builder().bucket(bucket).object(from).build())
                    .build()));
  }

  @Override
  public URI uri(String key) {
    return URI.create("s3://" + bucket + "/" + key);
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (Exception e) {
      throw new IllegalStateException("cannot close the object store's client", e);
    }
  }

  @FunctionalInterface
  private interface Call<T> {
    T run() throws MinioException;
  }

  private static <T> Optional<T> present(Call<T> call) throws MinioException {
    try {
      return Optional.of(call.run());
    } catch (ErrorResponseException e) {
      if (e.errorResponse().code().equals("NoSuchKey")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Retries what the client does not: broken connections, a busy server, racing writers. */
  private <T> T call(String what, Call<T> call) throws IOException {
    try {
      return retries.get(call::run);
    } catch (FailsafeException | IllegalStateException e) {
      // Checked exceptions come wrapped; the client reports broken connections unchecked.
      if (isInterruption(e)) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting to " + what, e);
      }
      if (e.getCause() instanceof MinioException problem) {
        throw failure(what, problem);
      }
      if (e.getCause() instanceof IOException || TlsProblem.of(e).isPresent()) {
        throw failure(what, e);
      }
      throw e;
    }
  }

  private RetryPolicy<Object> retries(Duration patience) {
    return RetryPolicy.builder()
        .handleIf(MinioObjectStore::isTransient)
        .withMaxRetries(-1)
        .withMaxDuration(patience)
        // Full jitter: each delay is drawn from zero to twice the step.
        .withBackoff(FIRST_DELAY, LONGEST_DELAY)
        .withJitter(1)
        .onRetryScheduled(
            event -> {
              count(event.getLastException());
              LOG.info(
                  "the object store fails, trying again in {} ms: {}",
                  event.getDelay().toMillis(),
                  secrets.hide(String.valueOf(event.getLastException())));
            })
        .build();
  }

  private void count(Throwable problem) {
    if (problem instanceof ErrorResponseException response) {
      retryCounter.status(response.response().code());
    } else if (problem instanceof ServerException server) {
      retryCounter.status(server.statusCode());
    } else {
      retryCounter.problem(problem);
    }
  }

  private static boolean isTransient(Throwable problem) {
    if (problem instanceof ErrorResponseException response) {
      return TRANSIENT_STATUS.contains(response.response().code())
          || TRANSIENT_CODE.contains(response.errorResponse().code());
    }
    if (problem instanceof ServerException server) {
      return TRANSIENT_STATUS.contains(server.statusCode());
    }
    return problem instanceof XmlParserException
        || problem instanceof InvalidResponseException
        || problem instanceof InsufficientDataException
        || (problem.getCause() instanceof IOException cause
            && !(cause instanceof FileSystemException)
            && !(cause instanceof FileNotFoundException)
            && !(cause instanceof SSLHandshakeException)
            && TlsProblem.of(cause).orElse(TlsProblem.OTHER) == TlsProblem.OTHER);
  }

  private static boolean isInterruption(Throwable problem) {
    for (Throwable t = problem; t != null; t = t.getCause()) {
      if (t instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }

  private IOException failure(String what, Exception problem) {
    String line = secrets.hide(line(what, problem));
    // The client's exceptions print the headers of requests, a session token among them.
    return secrets.areIn(problem) ? new IOException(line) : new IOException(line, problem);
  }

  /** Says which setting to look at. */
  private String line(String what, Exception problem) {
    String start = "cannot " + what + " in bucket " + bucket + " at " + endpoint + ": ";
    if (problem instanceof ErrorResponseException response) {
      String code = response.errorResponse().code();
      String check =
          switch (code) {
            case "NoSuchBucket" ->
                "; create it, or name another (BUTTRESS_BUCKET, BUTTRESS_S3_BUCKETS)";
            case "AccessDenied" ->
                "; check what AWS_ACCESS_KEY_ID may do in the bucket (BUTTRESS_BUCKET,"
                    + " BUTTRESS_S3_BUCKETS)";
            case "InvalidAccessKeyId", "SignatureDoesNotMatch" ->
                "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            case "ExpiredToken", "InvalidToken", "InvalidTokenId" ->
                "; check AWS_SESSION_TOKEN, which holds for a time and with its AWS_ACCESS_KEY_ID only";
            case "AuthorizationHeaderMalformed", "PermanentRedirect" ->
                "; check AWS_REGION and AWS_ENDPOINT_URL_S3";
            case "RequestTimeTooSkewed" -> "; set this machine's clock";
            default -> "";
          };
      return start + code + ", " + problem.getMessage() + check;
    }
    Optional<TlsProblem> tls = TlsProblem.of(problem);
    if (tls.isPresent()) {
      String check = tls.get().line(ENDPOINT, "AWS_CA_BUNDLE", ENDPOINT);
      return start + check;
    }
    if (problem instanceof InvalidResponseException || problem instanceof XmlParserException) {
      return start + "it does not answer as an S3 server does; check " + ENDPOINT;
    }
    Throwable cause = problem.getCause() == null ? problem : problem.getCause();
    return start + cause.getMessage() + "; check " + ENDPOINT;
  }
}
