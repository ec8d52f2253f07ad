package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import com.uber.m3.tally.NoopScope;
import com.uber.m3.tally.Scope;
import io.buttress.report.Links;
import io.buttress.source.Buckets;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.MinioObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.S3Access;
import io.buttress.tracking.MlflowAccess;
import io.buttress.tracking.MlflowTracker;
import io.temporal.api.enums.v1.TaskQueueType;
import io.temporal.api.taskqueue.v1.TaskQueue;
import io.temporal.api.workflowservice.v1.DescribeTaskQueueRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Connects to the services that the environment names, and checks that they answer. */
final class Connections {
  private static final Duration STORE_START_PATIENCE = Duration.ofSeconds(5);
  private static final Duration STORE_PATIENCE = Duration.ofMinutes(2);

  private static final String BUCKET = "BUTTRESS_BUCKET";

  private static final S3Access.Names S3 =
      new S3Access.Names(
          "AWS_ENDPOINT_URL_S3",
          "AWS_REGION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_CA_BUNDLE",
          BUCKET + ", " + Environment.S3_BUCKETS);

  private static final String USERNAME = "MLFLOW_TRACKING_USERNAME";
  private static final String PASSWORD = "MLFLOW_TRACKING_PASSWORD";

  static final MlflowAccess.Names MLFLOW =
      new MlflowAccess.Names(
          "MLFLOW_TRACKING_URI",
          USERNAME + " and " + PASSWORD + " (or _TOKEN)",
          "MLFLOW_TRACKING_SERVER_CERT_PATH");

  private Connections() {}

  /**
   * Temporal as {@code TEMPORAL_ADDRESS}, {@code TEMPORAL_NAMESPACE}, {@code TEMPORAL_API_KEY} and
   * {@code TEMPORAL_TLS_*} say, or the Temporal CLI's configuration file; with {@code
   * BUTTRESS_CODEC_KEY} what is sent there is encrypted.
   */
  static WorkflowClient temporal(Environment environment) throws ServiceException {
    return temporal(environment, new NoopScope());
  }

  /**
   * @param metrics of Temporal's client and worker
   */
  static WorkflowClient temporal(Environment environment, Scope metrics) throws ServiceException {
    TemporalSettings settings = TemporalSettings.of(environment);
    PayloadCipher cipher = PayloadCipher.of(environment);
    WorkflowServiceStubs stubs =
        WorkflowServiceStubs.newServiceStubs(settings.stubs().setMetricsScope(metrics).build());
    WorkflowClient client =
        WorkflowClient.newInstance(
            stubs, settings.client().setDataConverter(cipher.converter()).build());
    try {
      settings.verify(stubs, client.getOptions().getNamespace());
      return client;
    } catch (ServiceException e) {
      stubs.shutdownNow();
      throw e;
    }
  }

  /** The bucket {@code BUTTRESS_BUCKET}, checked to be writable, with a cache on this disk. */
  static ArtifactStore artifacts(Environment environment) throws ServiceException {
    return artifacts(environment, new MetricRegistry());
  }

  static ArtifactStore artifacts(Environment environment, MetricRegistry metrics)
      throws ServiceException {
    try {
      // At the start somebody waits for an answer; later a restart of the store is waited out.
      try (MinioObjectStore check =
          bucket(environment, own(environment), STORE_START_PATIENCE, metrics)) {
        check.verifyWritable();
      }
      return new ArtifactStore(
          bucket(environment, own(environment), STORE_PATIENCE, metrics),
          environment.cache(),
          metrics);
    } catch (IllegalArgumentException e) {
      throw new ServiceException(BUCKET + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new ServiceException(e.getMessage(), e);
    }
  }

  /** The buckets of {@code BUTTRESS_S3_BUCKETS}, for {@code s3:} sources. Connects on first use. */
  static Buckets sources(Environment environment, MetricRegistry metrics) throws ServiceException {
    Map<String, ObjectStore> buckets = new HashMap<>();
    for (String name : environment.s3Buckets()) {
      try {
        buckets.put(name, bucket(environment, name, STORE_PATIENCE, metrics));
      } catch (IllegalArgumentException e) {
        throw new ServiceException(Environment.S3_BUCKETS + ": " + e.getMessage(), e);
      }
    }
    return new Buckets(buckets, Environment.S3_BUCKETS);
  }

  private static String own(Environment environment) throws ServiceException {
    return environment.require(BUCKET, "a bucket that exists");
  }

  private static MinioObjectStore bucket(
      Environment environment, String name, Duration patience, MetricRegistry metrics)
      throws ServiceException {
    URI endpoint = environment.uri(S3.endpoint(), "the object store's address");
    if (!endpoint.getPath().isEmpty()) {
      throw new ServiceException(S3.endpoint() + ": must not have a path");
    }
    return new MinioObjectStore(
        new S3Access(
            endpoint,
            environment.get(S3.region()).orElse("us-east-1"),
            environment.requireToken(S3.accessKey(), "the object store's access key"),
            environment.requireToken(S3.secretKey(), "the object store's secret key"),
            environment.token(S3.sessionToken()).orElse(null),
            environment.authorities(S3.authorities()).orElse(null),
            S3),
        name,
        patience,
        metrics);
  }

  /** The MLflow server at {@code MLFLOW_TRACKING_URI}, checked to answer. */
  static MlflowTracker mlflow(
      Environment environment, ArtifactStore artifacts, MetricRegistry metrics)
      throws ServiceException {
    URI uri = environment.uri(MLFLOW.trackingUri(), "the MLflow server's address");
    Optional<String> username = environment.get(USERNAME);
    Optional<String> password = environment.get(PASSWORD);
    if (username.isPresent() != password.isPresent()) {
      throw new ServiceException(USERNAME + " and " + PASSWORD + ": set both or none");
    }
    try {
      MlflowTracker tracker =
          new MlflowTracker(
              new MlflowAccess(
                  uri,
                  username.orElse(null),
                  password.orElse(null),
                  environment.token("MLFLOW_TRACKING_TOKEN").orElse(null),
                  environment.authorities(MLFLOW.authorities()).orElse(null),
                  MLFLOW),
              artifacts,
              metrics);
      tracker.verifyReachable();
      return tracker;
    } catch (IOException e) {
      throw new ServiceException(e.getMessage(), e);
    }
  }

  /**
   * To MLflow, and to Temporal's web UI where {@code BUTTRESS_TEMPORAL_UI} says that there is one.
   */
  static Links links(Environment environment, String namespace) throws ServiceException {
    URI mlflow = environment.uri(MLFLOW.trackingUri(), "the MLflow server's address");
    URI ui = null;
    if (environment.get("BUTTRESS_TEMPORAL_UI").isPresent()) {
      ui = environment.uri("BUTTRESS_TEMPORAL_UI", "the address of Temporal's web UI");
    }
    return Links.of(mlflow, ui, namespace);
  }

  static boolean hasPoller(WorkflowClient client, Queue queue) {
    return client
            .getWorkflowServiceStubs()
            .blockingStub()
            .describeTaskQueue(
                DescribeTaskQueueRequest.newBuilder()
                    .setNamespace(client.getOptions().getNamespace())
                    .setTaskQueue(TaskQueue.newBuilder().setName(queue.taskQueue()))
                    .setTaskQueueType(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
                    .build())
            .getPollersCount()
        > 0;
  }
}
