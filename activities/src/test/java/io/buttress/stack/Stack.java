package io.buttress.stack;

import com.codahale.metrics.MetricRegistry;
import io.buttress.storage.MinioObjectStore;
import io.buttress.storage.S3Access;
import io.minio.credentials.AssumeRoleProvider;
import io.minio.credentials.Credentials;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Temporal, MinIO and MLflow, running. */
public interface Stack extends AutoCloseable {

  /** Variables that tell workers and clients where the servers are. */
  Map<String, String> environment();

  /**
   * kill -9.
   *
   * @param server {@code temporal}, {@code minio} or {@code mlflow}
   */
  void kill(String server) throws IOException, InterruptedException;

  /** Starts what is dead and waits until it answers. */
  void up() throws IOException, InterruptedException;

  @Override
  void close();

  default String variable(String name) {
    return Optional.ofNullable(environment().get(name))
        .filter(value -> !value.isBlank())
        .orElseThrow(
            () ->
                new IllegalStateException(
                    name + " is not set: run infra/stack up and source the env file it names"));
  }

  /** Temporary credentials of the object store, by the variables that they are given in. */
  default Map<String, String> session() throws MinioException {
    String key = variable("AWS_ACCESS_KEY_ID");
    String secret = variable("AWS_SECRET_ACCESS_KEY");
    String endpoint = variable("AWS_ENDPOINT_URL_S3");
    Credentials credentials =
        new AssumeRoleProvider(
                endpoint, key, secret, 3600, null, variable("AWS_REGION"), null, null, null, null)
            .fetch();
    return Map.of(
        "AWS_ACCESS_KEY_ID", credentials.accessKey(),
        "AWS_SECRET_ACCESS_KEY", credentials.secretKey(),
        "AWS_SESSION_TOKEN", credentials.sessionToken());
  }

  /** A client of its own for each caller, who closes it. */
  default MinioObjectStore objects() {
    return new MinioObjectStore(
        new S3Access(
            URI.create(variable("AWS_ENDPOINT_URL_S3")),
            variable("AWS_REGION"),
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
            null,
            null,
            SettingNames.S3),
        variable("BUTTRESS_BUCKET"),
        Duration.ofSeconds(5),
        new MetricRegistry());
  }
}
