package io.buttress.stack;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Servers that {@code infra/stack} started as processes, or others that the environment names. */
final class ScriptStack implements Stack {
  private static final Path SCRIPT = Path.of("..", "infra", "stack").toAbsolutePath().normalize();
  private static final Pattern EXPORT = Pattern.compile("(?m)^export (\\w+)=(.*)$");
  private static final List<String> ADDRESSES =
      List.of("TEMPORAL_ADDRESS", "MLFLOW_TRACKING_URI", "AWS_ENDPOINT_URL_S3");
  private static final List<String> PORTS =
      List.of("TEMPORAL", "TEMPORAL_UI", "MINIO", "MINIO_CONSOLE", "MLFLOW");

  private final Map<String, String> environment;
  private final boolean own;

  private ScriptStack(Map<String, String> environment, boolean own) {
    this.environment = Map.copyOf(environment);
    this.own = own;
  }

  /** The servers that these variables name. */
  static Optional<Stack> of(Map<String, String> environment) {
    return ADDRESSES.stream().allMatch(environment::containsKey)
        ? Optional.of(new ScriptStack(environment, false))
        : Optional.empty();
  }

  /**
   * Starts servers on free ports, when this machine has the programs.
   *
   * @param reason told what is missing
   */
  static Optional<Stack> start(Map<String, String> environment, Consumer<String> reason)
      throws IOException, InterruptedException {
    Path home =
        Optional.ofNullable(environment.get("BUTTRESS_HOME"))
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".buttress"));
    String path =
        environment.getOrDefault("PATH", "")
            + File.pathSeparator
            + home.resolve("test-stack").resolve("bin");
    List<String> missing =
        Stream.of("temporal", "minio").filter(program -> !isOn(path, program)).toList();
    Path mlflow =
        Optional.ofNullable(environment.get("BUTTRESS_MLFLOW"))
            .map(Path::of)
            .orElse(home.resolve("venv").resolve("bin").resolve("mlflow"));
    if (!missing.isEmpty() || !Files.isExecutable(mlflow)) {
      reason.accept(
          "not on PATH or built: "
              + String.join(", ", missing.isEmpty() ? List.of("MLflow") : missing)
              + " (infra/test builds them)");
      return Optional.empty();
    }
    Map<String, String> settings = new HashMap<>(freePorts());
    settings.put("PATH", path);
    // One for each process of a test run.
    Path folder = Path.of("target", "stack-" + System.getProperty("fork", "1")).toAbsolutePath();
    run(settings, "up", folder);
    Map<String, String> all = new HashMap<>(settings);
    Matcher export = EXPORT.matcher(Files.readString(folder.resolve("env")));
    while (export.find()) {
      all.put(export.group(1), export.group(2));
    }
    return Optional.of(new ScriptStack(all, true));
  }

  private static boolean isOn(String path, String program) {
    return Stream.of(path.split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static Map<String, String> freePorts() throws IOException {
    Map<String, String> ports = new HashMap<>();
    List<ServerSocket> held = new ArrayList<>();
    try {
      for (String server : PORTS) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.add(socket);
        ports.put("BUTTRESS_" + server + "_PORT", Integer.toString(socket.getLocalPort()));
      }
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
    return ports;
  }

  @Override
  public Map<String, String> environment() {
    return environment;
  }

  @Override
  public void kill(String server) throws IOException, InterruptedException {
    run(environment, "kill", folder(), server);
  }

  @Override
  public void up() throws IOException, InterruptedException {
    run(environment, "up", folder());
  }

  /** Where the script keeps what it started. */
  private Path folder() {
    return Path.of(variable("BUTTRESS_STACK"));
  }

  private static void run(
      Map<String, String> environment, String command, Path folder, String... arguments)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of(SCRIPT.toString(), command));
    line.addAll(List.of(arguments));
    line.addAll(List.of("--dir", folder.toString()));
    ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(line + ": " + output);
    }
  }

  @Override
  public void close() {
    if (own) {
      try {
        run(environment, "down", folder());
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException("cannot stop the servers of " + folder(), e);
      }
    }
  }

  @Override
  public String toString() {
    return own ? "processes of " + folder() : "those that the environment names";
  }
}
