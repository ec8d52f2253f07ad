package io.buttress.worker;

import io.buttress.activity.KeepAlive;
import io.buttress.activity.TaskQueues;
import io.buttress.encoding.HandOver;
import io.buttress.workflow.StudyWorkflowImpl;
import io.buttress.workflow.TrialWorkflowImpl;
import io.temporal.client.WorkflowClient;
import io.temporal.common.interceptors.WorkerInterceptor;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Serves task queues with the project's workflows and activities. */
public final class StudyWorker implements AutoCloseable {
  /** How late an activity may learn of its cancellation, and a watcher of its progress. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(2);

  /** What a checkpoint may take; an impatient orchestrator kills the process before. */
  private static final Duration LONGEST_HAND_OVER = Duration.ofMinutes(10);

  private final WorkerFactory factory;
  private final HandOver handOver;

  private StudyWorker(WorkerFactory factory, HandOver handOver) {
    this.factory = factory;
    this.handOver = handOver;
  }

  /**
   * @param observers see every workflow and activity, the first one from outside
   */
  public static StudyWorker start(
      WorkflowClient client, Services services, Set<Queue> queues, WorkerInterceptor... observers) {
    WorkerInterceptor[] interceptors = Arrays.copyOf(observers, observers.length + 1);
    interceptors[observers.length] = new KeepAlive();
    WorkerFactory factory =
        WorkerFactory.newInstance(
            client, WorkerFactoryOptions.newBuilder().setWorkerInterceptors(interceptors).build());
    if (queues.contains(Queue.STUDIES)) {
      Worker worker = factory.newWorker(TaskQueues.STUDIES);
      worker.registerWorkflowImplementationTypes(StudyWorkflowImpl.class, TrialWorkflowImpl.class);
      worker.registerActivitiesImplementations(services.studies());
    }
    if (queues.contains(Queue.CPU)) {
      factory.newWorker(TaskQueues.CPU, slots(2)).registerActivitiesImplementations(services.cpu());
    }
    if (queues.contains(Queue.GPU)) {
      // The engine's random state and thread pool are global to a process: one at a time.
      factory.newWorker(TaskQueues.GPU, slots(1)).registerActivitiesImplementations(services.gpu());
    }
    factory.start();
    return new StudyWorker(factory, services.handOver());
  }

  private static WorkerOptions slots(int activities) {
    return WorkerOptions.newBuilder()
        .setMaxConcurrentActivityExecutionSize(activities)
        .setMaxHeartbeatThrottleInterval(HEARTBEAT)
        .build();
  }

  /** Takes no more work; what trains leaves a checkpoint and goes on elsewhere. */
  @Override
  public void close() {
    // Heartbeats end with a shutdown: first let the work be given back, and take none again.
    factory.suspendPolling();
    handOver.request();
    try {
      handOver.awaitIdle(LONGEST_HAND_OVER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    factory.shutdown();
    factory.awaitTermination(5, TimeUnit.SECONDS);
    factory.shutdownNow();
    factory.awaitTermination(5, TimeUnit.SECONDS);
  }
}
