package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.report.Links;
import io.buttress.source.Sources;
import io.buttress.storage.ArtifactStore;
import io.buttress.tracking.MlflowTracker;
import io.temporal.client.WorkflowClient;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Serves task queues until it is told to stop. */
@Command(
    name = "worker",
    description = {
      "Runs the workflows and activities of studies.",
      "Needs TEMPORAL_ADDRESS, MLFLOW_TRACKING_URI, BUTTRESS_BUCKET and the AWS_* variables;",
      "reads file: sources only below BUTTRESS_FILE_ROOTS, s3: only in BUTTRESS_S3_BUCKETS;",
      "answers probes and gives metrics at BUTTRESS_HTTP (HOST:PORT), where that is set."
    },
    mixinStandardHelpOptions = true)
final class WorkerCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerCommand.class);

  private final Environment environment;

  @Option(
      names = "--queues",
      split = ",",
      paramLabel = "QUEUE",
      description = "Task queues to serve: studies, cpu, gpu (default: all).")
  private Queue[] queues = Queue.values();

  WorkerCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    Health health = new Health();
    Optional<InetSocketAddress> address = environment.http();
    // First, so that what cannot be listened at is known before any work is taken.
    try (WorkerMetrics metrics = new WorkerMetrics();
        WorkerHttp http =
            address.isPresent() ? WorkerHttp.open(address.get(), health, metrics) : null) {
      serve(health, metrics);
    }
    return Exit.DONE;
  }

  private void serve(Health health, WorkerMetrics metrics) throws Exception {
    BusySlots busy = new BusySlots();
    MetricRegistry registry = metrics.registry();
    registry.registerGauge("buttress.busy.slots", busy::count);
    Set<Queue> served = EnumSet.copyOf(Arrays.asList(queues));
    Optional<URI> pod = environment.pod();
    EngineStart engine =
        served.contains(Queue.GPU) || served.contains(Queue.CPU) ? EngineStart.begin() : null;
    WorkflowClient temporal = Connections.temporal(environment, metrics.temporal());
    ArtifactStore artifacts = Connections.artifacts(environment, registry);
    // A worker in a cluster reads files only where it is told to.
    Sources sources =
        new Sources(
            environment.fileRoots(List.of()),
            environment.hub(registry),
            Connections.sources(environment, registry),
            environment.home().resolve("cache"),
            registry);
    Links links = Connections.links(environment, temporal.getOptions().getNamespace());
    if (engine != null) {
      engine.await();
    }
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  stop.countDown();
                  try {
                    stopped.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    try (MlflowTracker tracker = Connections.mlflow(environment, artifacts, registry);
        PodDeletionCost cost = pod.map(at -> PodDeletionCost.start(at, busy)).orElse(null);
        TemporalReachability reachability =
            new TemporalReachability(temporal.getWorkflowServiceStubs());
        StudyWorker worker =
            StudyWorker.start(
                temporal,
                Services.of(artifacts, sources, Optional.of(tracker), links, registry),
                served,
                new LogContext(),
                busy,
                new ActivityFailures(registry));
        QueueBacklog backlog = QueueBacklog.start(temporal, registry)) {
      if (served.contains(Queue.GPU)) {
        GpuMemory.register(registry);
      }
      LOG.info("serving {} on {}", served, temporal.getOptions().getNamespace());
      health.started(reachability::answers);
      stop.await();
      health.stopping();
    } finally {
      stopped.countDown();
    }
  }
}
