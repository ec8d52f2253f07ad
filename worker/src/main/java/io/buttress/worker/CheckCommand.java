package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.storage.ArtifactStore;
import io.temporal.client.WorkflowClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Tries what a worker needs, without being one. */
@Command(
    name = "check",
    description = {
      "Checks that Temporal, the bucket and MLflow can be used with these settings, as a worker",
      "does when it starts, and that workers poll the queues that are named."
    },
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(
      names = "--queues",
      split = ",",
      paramLabel = "QUEUE",
      description = "Task queues that must have a worker: studies, cpu, gpu (default: none).")
  private Queue[] queues = {};

  CheckCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    WorkflowClient temporal = Connections.temporal(environment);
    passed("Temporal, namespace " + temporal.getOptions().getNamespace());
    ArtifactStore artifacts = Connections.artifacts(environment);
    passed("bucket " + environment.require("BUTTRESS_BUCKET", "a bucket that exists"));
    Connections.mlflow(environment, artifacts, new MetricRegistry()).close();
    passed("MLflow");
    for (Queue queue : queues) {
      if (!Connections.hasPoller(temporal, queue)) {
        throw new ServiceException("no worker polls the task queue '" + queue.taskQueue() + "'");
      }
      passed("queue " + queue.taskQueue());
    }
    return Exit.DONE;
  }

  private static void passed(String what) {
    System.out.println("ok: " + what);
  }
}
