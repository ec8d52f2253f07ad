package io.buttress.worker;

import com.codahale.metrics.MetricRegistry;
import io.buttress.report.Links;
import io.buttress.source.Sources;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.tracking.MlflowTracker;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a study in this process. */
@Command(
    name = "local",
    description = {
      "Runs a study on this machine, without servers.",
      "State is kept below BUTTRESS_HOME (default ~/.buttress): work that is done is not repeated."
    },
    mixinStandardHelpOptions = true)
final class LocalCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(LocalCommand.class);

  /** The server of this run ends with it; infra/mlflow opens the same runs here. */
  private static final Links LINKS = new Links(URI.create("http://127.0.0.1:5000"), null);

  private final Environment environment;

  @Spec private CommandSpec command;

  @Parameters(paramLabel = "STUDY", description = "The study, JSON or YAML.")
  private Path study;

  @Mixin private ReportFolder reportFolder;

  @Option(names = "--no-mlflow", description = "Track nothing; needs no Python.")
  private boolean noMlflow;

  @Option(names = "--keep", description = "Leave the MLflow server running.")
  private boolean keep;

  LocalCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    StudyFile file = StudyFile.read(study);
    Path folder = reportFolder.of(file.spec().name());
    Path home = environment.home();
    try (HomeLock lock = HomeLock.acquire(home);
        EmbeddedMlflow mlflow = noMlflow ? null : EmbeddedMlflow.start(environment)) {
      // Nobody asks for them here: the console shows what is going on.
      MetricRegistry metrics = new MetricRegistry();
      ArtifactStore artifacts =
          new ArtifactStore(
              new DirectoryObjectStore(home.resolve("store")), environment.cache(), metrics);
      Sources sources =
          new Sources(
              environment.fileRoots(List.of(Path.of("/"))),
              environment.hub(metrics),
              Connections.sources(environment, metrics),
              home.resolve("cache"),
              metrics);
      try (MlflowTracker tracker = mlflow == null ? null : mlflow.tracker(artifacts);
          EmbeddedTemporal temporal = new EmbeddedTemporal();
          StudyWorker worker =
              StudyWorker.start(
                  temporal.client(),
                  Services.of(artifacts, sources, Optional.ofNullable(tracker), LINKS, metrics),
                  EnumSet.allOf(Queue.class))) {
        int exit = follow(temporal.client(), artifacts, file, folder, worker, tracker);
        if (mlflow != null) {
          showMlflow(mlflow);
        }
        return exit;
      }
    }
  }

  private int follow(
      WorkflowClient temporal,
      ArtifactStore artifacts,
      StudyFile file,
      Path folder,
      StudyWorker worker,
      MlflowTracker tracker)
      throws Exception {
    StudyClient client = new StudyClient(temporal);
    String workflowId = StudyClient.workflowId(file.tree());
    client.start(workflowId, file.tree());
    Thread stop = new Thread(() -> stop(worker, tracker, file.spec().name()));
    Runtime.getRuntime().addShutdownHook(stop);
    try {
      return new StudyFollower(client, artifacts, System.out).follow(workflowId, folder);
    } finally {
      removeHook(stop);
    }
  }

  /** On Ctrl-C: the trial in training leaves a checkpoint, and no run seems to go on. */
  private static void stop(StudyWorker worker, MlflowTracker tracker, String study) {
    System.err.println("buttress: stopping; start it again to go on from here");
    worker.close();
    if (tracker != null) {
      try {
        tracker.endRunning(study);
      } catch (IOException e) {
        LOG.warn("runs stay open: {}", e.getMessage());
      }
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending: the hook runs.
    }
  }

  private void showMlflow(EmbeddedMlflow mlflow) {
    if (keep) {
      mlflow.keep();
      command
          .commandLine()
          .getOut()
          .println(
              "MLflow: "
                  + mlflow.uri()
                  + " (stop it with: kill -- -"
                  + mlflow.processGroup()
                  + ")");
    } else {
      command.commandLine().getOut().println("MLflow: open it with infra/mlflow");
    }
    command.commandLine().getOut().flush();
  }
}
