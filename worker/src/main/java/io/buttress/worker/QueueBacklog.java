package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.grpc.StatusRuntimeException;
import io.temporal.api.enums.v1.TaskQueueType;
import io.temporal.api.taskqueue.v1.TaskQueue;
import io.temporal.api.workflowservice.v1.DescribeTaskQueueRequest;
import io.temporal.api.workflowservice.v1.DescribeTaskQueueResponse;
import io.temporal.client.WorkflowClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gauges of what waits in each task queue, and of how many workers ask for it, also of queues that
 * this worker does not serve: what nobody serves has nobody else to tell. Asked of Temporal every
 * few seconds; NaN while it does not answer.
 */
final class QueueBacklog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QueueBacklog.class);
  private static final long PAUSE_SECONDS = 15;
  private static final long LIMIT_SECONDS = 5;

  private record State(double backlog, double pollers) {}

  private static final State UNKNOWN = new State(Double.NaN, Double.NaN);

  private final WorkflowClient client;
  private final Map<Queue, State> states = new ConcurrentHashMap<>();
  private final ScheduledExecutorService asking =
      Executors.newSingleThreadScheduledExecutor(new DaemonThreads("queue-backlog"));

  private QueueBacklog(WorkflowClient client) {
    this.client = client;
  }

  static QueueBacklog start(WorkflowClient client, MetricRegistry metrics) {
    QueueBacklog backlog = new QueueBacklog(client);
    for (Queue queue : Queue.values()) {
      metrics.registerGauge(
          MetricRegistry.name("buttress.queue.backlog", queue.taskQueue()),
          () -> backlog.state(queue).backlog());
      metrics.registerGauge(
          MetricRegistry.name("buttress.queue.pollers", queue.taskQueue()),
          () -> backlog.state(queue).pollers());
    }
    backlog.asking.scheduleWithFixedDelay(backlog::ask, 0, PAUSE_SECONDS, TimeUnit.SECONDS);
    return backlog;
  }

  private State state(Queue queue) {
    return states.getOrDefault(queue, UNKNOWN);
  }

  private void ask() {
    for (Queue queue : Queue.values()) {
      try {
        DescribeTaskQueueResponse activities =
            describe(queue, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY);
        long backlog = activities.getStats().getApproximateBacklogCount();
        if (queue == Queue.STUDIES) {
          backlog +=
              describe(queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
                  .getStats()
                  .getApproximateBacklogCount();
        }
        states.put(queue, new State(backlog, activities.getPollersCount()));
      } catch (StatusRuntimeException e) {
        states.put(queue, UNKNOWN);
        LOG.debug("Temporal does not describe {}", queue.taskQueue(), e);
      }
    }
  }

  private DescribeTaskQueueResponse describe(Queue queue, TaskQueueType type) {
    return client
        .getWorkflowServiceStubs()
        .blockingStub()
        .withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS)
        .describeTaskQueue(
            DescribeTaskQueueRequest.newBuilder()
                .setNamespace(client.getOptions().getNamespace())
                .setTaskQueue(TaskQueue.newBuilder().setName(queue.taskQueue()))
                .setTaskQueueType(type)
                .setReportStats(true)
                .build());
  }

  @Override
  public void close() {
    asking.shutdownNow();
  }
}
