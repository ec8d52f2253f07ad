package io.buttress.worker;

import io.temporal.client.WorkflowClient;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts a study on a Temporal server. */
@Command(
    name = "run",
    description = {
      "Starts a study on a Temporal server; workers elsewhere run it.",
      "Joins the study when an equal one is running."
    },
    mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {
  private final Environment environment;

  @Parameters(paramLabel = "STUDY", description = "The study, JSON or YAML.")
  private Path study;

  @Option(names = "--watch", description = "Wait for its end, show progress, fetch the report.")
  private boolean watch;

  @Mixin private ReportFolder reportFolder;

  RunCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    StudyFile file = StudyFile.read(study);
    WorkflowClient temporal = Connections.temporal(environment);
    StudyClient client = new StudyClient(temporal);
    for (Queue queue : Queue.values()) {
      if (!Connections.hasPoller(temporal, queue)) {
        System.err.println(
            "buttress: no worker polls the task queue '"
                + queue.taskQueue()
                + "': the study waits until one is started (buttress worker)");
      }
    }
    String workflowId = StudyClient.workflowId(file.tree());
    client.start(workflowId, file.tree());
    System.out.println("study: " + workflowId);
    if (!watch) {
      return Exit.DONE;
    }
    System.out.println("Ctrl-C ends the watching, not the study");
    Path folder = reportFolder.of(file.spec().name());
    return new StudyFollower(client, Connections.artifacts(environment), System.out)
        .follow(workflowId, folder);
  }
}
