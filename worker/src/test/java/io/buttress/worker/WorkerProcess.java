package io.buttress.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The built command line as a process of its own. */
final class WorkerProcess implements AutoCloseable {
  private final Process process;
  private final Path log;

  private WorkerProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * @param environment beside what this process has
   */
  static WorkerProcess start(Path log, Map<String, String> environment, String... arguments)
      throws IOException {
    Path jar = Path.of("target", "buttress", "buttress.jar").toAbsolutePath();
    if (!Files.exists(jar)) {
      throw new IOException("build first: there is no " + jar);
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // What a killed process leaves behind goes with the test's folder.
                "-Djava.io.tmpdir=" + log.toAbsolutePath().getParent(),
                "-jar",
                jar.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    return new WorkerProcess(builder.start(), log);
  }

  /** Waits for its end; returns the exit code. */
  int await() throws InterruptedException {
    return process.waitFor();
  }

  /** Tells it to stop (SIGTERM), and waits for its end; returns the exit code. */
  int terminate() throws InterruptedException {
    process.destroy();
    return process.waitFor();
  }

  /** kill -9. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** For example STOP, which no process can ignore, and CONT. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  boolean alive() {
    return process.isAlive();
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
