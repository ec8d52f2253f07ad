package io.buttress.worker;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option {@code --out}, as every command that writes a report has it. */
final class ReportFolder {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the report goes (default: ./<name>-report).")
  private Path out;

  /**
   * @param name the study's
   */
  Path of(String name) {
    return out != null ? out : Path.of(name.replace('/', '-') + "-report");
  }
}
