package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import com.uber.m3.tally.NoopScope;
import com.uber.m3.tally.Scope;
import io.buttress.data.Buckets;
import io.buttress.report.Links;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.MinioObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.tracking.MlflowAccess;
import io.buttress.tracking.MlflowTracker;
import io.grpc.StatusRuntimeException;
import io.temporal.api.enums.v1.TaskQueueType;
import io.temporal.api.taskqueue.v1.TaskQueue;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.DescribeTaskQueueRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.envconfig.ClientConfigProfile;
import io.temporal.envconfig.LoadClientConfigProfileOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Connects to the services that the environment names, and checks that they answer. */
final class Connections {
  private static final Duration TEMPORAL_LIMIT = Duration.ofSeconds(10);
  private static final Duration STORE_START_PATIENCE = Duration.ofSeconds(5);
  private static final Duration STORE_PATIENCE = Duration.ofMinutes(2);

  private Connections() {}

  /**
   * Temporal as {@code TEMPORAL_ADDRESS}, {@code TEMPORAL_NAMESPACE}, {@code TEMPORAL_API_KEY} and
   * {@code TEMPORAL_TLS_*} say, or the Temporal CLI's configuration file.
   */
  static WorkflowClient temporal(Environment environment) throws ServiceException {
    return temporal(environment, new NoopScope());
  }

  /**
   * @param metrics of Temporal's client and worker
   */
  static WorkflowClient temporal(Environment environment, Scope metrics) throws ServiceException {
    ClientConfigProfile profile;
    try {
      profile =
          ClientConfigProfile.load(
              LoadClientConfigProfileOptions.newBuilder()
                  .setEnvOverrides(environment.withSecrets("TEMPORAL_API_KEY"))
                  .build());
    } catch (IOException e) {
      throw new ServiceException("Temporal's configuration cannot be read: " + e.getMessage(), e);
    }
    WorkflowServiceStubs stubs =
        WorkflowServiceStubs.newServiceStubs(
            WorkflowServiceStubsOptions.newBuilder(profile.toWorkflowServiceStubsOptions())
                .setMetricsScope(metrics)
                .build());
    WorkflowClient client = WorkflowClient.newInstance(stubs, profile.toWorkflowClientOptions());
    try {
      stubs.connect(TEMPORAL_LIMIT);
      stubs
          .blockingStub()
          .describeNamespace(
              DescribeNamespaceRequest.newBuilder()
                  .setNamespace(client.getOptions().getNamespace())
                  .build());
      return client;
    } catch (StatusRuntimeException | IllegalStateException e) {
      stubs.shutdownNow();
      throw new ServiceException(
          "Temporal does not answer for namespace "
              + client.getOptions().getNamespace()
              + " at "
              + stubs.getOptions().getTarget()
              + ": check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE ("
              + e.getMessage()
              + ")",
          e);
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
          environment.home().resolve("cache"),
          environment.cacheBytes(),
          metrics);
    } catch (IllegalArgumentException | IOException e) {
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
        throw new ServiceException("BUTTRESS_S3_BUCKETS: " + e.getMessage(), e);
      }
    }
    return new Buckets(buckets);
  }

  private static String own(Environment environment) throws ServiceException {
    return environment.require("BUTTRESS_BUCKET", "a bucket that exists");
  }

  private static MinioObjectStore bucket(
      Environment environment, String name, Duration patience, MetricRegistry metrics)
      throws ServiceException {
    return new MinioObjectStore(
        environment.uri("AWS_ENDPOINT_URL_S3", "the object store's address"),
        environment.get("AWS_REGION").orElse("us-east-1"),
        environment.require("AWS_ACCESS_KEY_ID", "the object store's access key"),
        environment.require("AWS_SECRET_ACCESS_KEY", "the object store's secret key"),
        name,
        patience,
        metrics);
  }

  /** The MLflow server at {@code MLFLOW_TRACKING_URI}, checked to answer. */
  static MlflowTracker mlflow(
      Environment environment, ArtifactStore artifacts, MetricRegistry metrics)
      throws ServiceException {
    URI uri = environment.uri("MLFLOW_TRACKING_URI", "the MLflow server's address");
    try {
      MlflowTracker tracker =
          new MlflowTracker(
              new MlflowAccess(
                  uri,
                  environment.get("MLFLOW_TRACKING_USERNAME").orElse(null),
                  environment.get("MLFLOW_TRACKING_PASSWORD").orElse(null),
                  environment.get("MLFLOW_TRACKING_TOKEN").orElse(null)),
              artifacts,
              metrics);
      tracker.verifyReachable();
      return tracker;
    } catch (IllegalArgumentException | IOException e) {
      throw new ServiceException(e.getMessage(), e);
    }
  }

  /**
   * To MLflow, and to Temporal's web UI where {@code BUTTRESS_TEMPORAL_UI} says that there is one.
   */
  static Links links(Environment environment, String namespace) throws ServiceException {
    URI mlflow = environment.uri("MLFLOW_TRACKING_URI", "the MLflow server's address");
    URI ui = null;
    if (environment.get("BUTTRESS_TEMPORAL_UI").isPresent()) {
      ui = environment.uri("BUTTRESS_TEMPORAL_UI", "the address of Temporal's web UI");
      if (ui.getHost() == null
          || !("http".equals(ui.getScheme()) || "https".equals(ui.getScheme()))) {
        throw new ServiceException("BUTTRESS_TEMPORAL_UI: must be like http://HOST:PORT");
      }
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
