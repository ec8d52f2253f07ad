package io.buttress.worker;

import io.buttress.storage.ArtifactStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Fetches the report of a study that has ended. */
@Command(
    name = "report",
    description = "Fetches the report of a study that ended on a Temporal server.",
    mixinStandardHelpOptions = true)
final class ReportCommand implements Callable<Integer> {
  private final Environment environment;

  @Parameters(
      paramLabel = "STUDY_OR_WORKFLOW_ID",
      description = "The study's file, or the id of its workflow.")
  private String study;

  @Mixin private ReportFolder reportFolder;

  ReportCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    String workflowId = study;
    String name = study;
    if (Files.isRegularFile(Path.of(study))) {
      StudyFile file = StudyFile.read(Path.of(study));
      workflowId = StudyClient.workflowId(file.tree());
      name = file.spec().name();
    }
    StudyClient client = new StudyClient(Connections.temporal(environment));
    ArtifactStore artifacts = Connections.artifacts(environment);
    return new StudyFollower(client, artifacts, System.out)
        .fetch(workflowId, reportFolder.of(name));
  }
}
