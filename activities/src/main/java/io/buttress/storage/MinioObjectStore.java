package io.buttress.storage;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
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
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.tls.HandshakeCertificates;

/** Objects in a bucket of MinIO, or of another S3 service that has conditional writes. */
public final class MinioObjectStore implements ObjectStore {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration IO_TIMEOUT = Duration.ofSeconds(60);

  /** Largest object S3 takes in one piece; the condition does not reach multipart uploads. */
  private static final long LARGEST = 5L << 30;

  private final S3Access access;
  private final String bucket;
  private final MinioClient client;
  private final S3Calls calls;
  private final RetryCounter retryCounter;
  private final Counter read;
  private final Counter written;

  /**
   * Connects on first use.
   *
   * @param bucket must exist
   * @param patience how long every call goes on trying while the server is down or busy
   * @throws IllegalArgumentException when endpoint or bucket cannot be such
   */
  public MinioObjectStore(
      S3Access access, String bucket, Duration patience, MetricRegistry metrics) {
    this.access = access;
    this.bucket = BucketExistsArgs.builder().bucket(bucket).build().bucket();
    MinioClient.Builder builder =
        MinioClient.builder()
            .endpoint(access.endpoint().toString())
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
    this.calls = new S3Calls(new S3Messages(access, this.bucket), patience, retryCounter);
    this.read = metrics.counter("buttress.bytes.store.read");
    this.written = metrics.counter("buttress.bytes.store.written");
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
            access
                + " ignores 'If-None-Match: *' on writes, which Buttress needs; use one that"
                + " supports it ("
                + access.names().endpoint()
                + ")");
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
    return calls.run(
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
    return calls.run(
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
    return calls
        .run(
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
    return calls.run(
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
    calls.run(
        "delete " + key,
        () -> {
          client.removeObject(RemoveObjectArgs.builder().bucket(bucket).object(key).build());
          return null;
        });
  }

  @Override
  public void copy(String from, String to) throws IOException {
    calls.run(
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

  private static <T> Optional<T> present(S3Calls.Call<T> call) throws MinioException {
    try {
      return Optional.of(call.run());
    } catch (ErrorResponseException e) {
      if (e.errorResponse().code().equals("NoSuchKey")) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
