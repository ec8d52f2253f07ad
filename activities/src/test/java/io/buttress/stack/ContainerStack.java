package io.buttress.stack;

import com.github.dockerjava.api.DockerClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * Containers of the images that {@code infra/images/build} makes, by a Docker of this machine.
 * Their ports are fixed ones, because a container that was killed comes back with other mapped
 * ports.
 */
final class ContainerStack implements Stack {
  private static final List<String> IMAGES =
      List.of("buttress/temporal:0.1.0", "buttress/minio:0.1.0", "buttress/mlflow:0.1.0");
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String BUCKET = "buttress";
  private static final String REGION = "us-east-1";
  private static final String USER = "buttress";

  private final Network network = Network.newNetwork();
  private final Map<String, GenericContainer<?>> containers = new LinkedHashMap<>();
  private final Map<String, String> environment;
  private final List<String> images;

  /**
   * Starts containers when Docker answers within seconds, and has the images or may pull them: from
   * the registry that {@code BUTTRESS_REGISTRY} names, and not in CI.
   *
   * @param reason told what is missing
   */
  static Optional<Stack> start(Map<String, String> environment, Consumer<String> reason)
      throws IOException, InterruptedException {
    String registry = environment.getOrDefault("BUTTRESS_REGISTRY", "");
    List<String> images =
        IMAGES.stream().map(image -> registry.isEmpty() ? image : registry + "/" + image).toList();
    String docker = environment.getOrDefault("DOCKER", "docker");
    if (!succeeds(docker, "version")) {
      reason.accept("Docker does not answer");
      return Optional.empty();
    }
    boolean mayPull = !registry.isEmpty() && !environment.containsKey("CI");
    for (String image : images) {
      if (!mayPull && !succeeds(docker, "image", "inspect", image)) {
        reason.accept("Docker has no image " + image + " (infra/images/build makes it)");
        return Optional.empty();
      }
    }
    ContainerStack stack = new ContainerStack(images);
    try {
      stack.containers.values().forEach(GenericContainer::start);
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
    return Optional.of(stack);
  }

  private static boolean succeeds(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private ContainerStack(List<String> images) throws IOException {
    this.images = images;
    String password = UUID.randomUUID().toString();
    int temporal = add("temporal", images.get(0), 7233);
    int minio = add("minio", images.get(1), 9000);
    int mlflow = add("mlflow", images.get(2), 5000);
    containers
        .get("minio")
        .withEnv(Map.of("MINIO_ROOT_USER", USER, "MINIO_ROOT_PASSWORD", password));
    containers
        .get("mlflow")
        .withEnv(
            Map.of(
                "MLFLOW_S3_ENDPOINT_URL", "http://minio:9000",
                "AWS_ACCESS_KEY_ID", USER,
                "AWS_SECRET_ACCESS_KEY", password,
                "BUTTRESS_BUCKET", BUCKET));
    environment =
        Map.of(
            "TEMPORAL_ADDRESS", "127.0.0.1:" + temporal,
            "MLFLOW_TRACKING_URI", "http://127.0.0.1:" + mlflow,
            "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:" + minio,
            "AWS_ACCESS_KEY_ID", USER,
            "AWS_SECRET_ACCESS_KEY", password,
            "AWS_REGION", REGION,
            "BUTTRESS_BUCKET", BUCKET);
  }

  /** Returns the port of this machine at which the container's will be. */
  private int add(String name, String image, int port) throws IOException {
    int here;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      here = free.getLocalPort();
    }
    GenericContainer<?> container =
        new GenericContainer<>(image)
            .withNetwork(network)
            .withNetworkAliases(name)
            .waitingFor(Wait.forHealthcheck().withStartupTimeout(PATIENCE));
    container.setPortBindings(List.of("127.0.0.1:" + here + ":" + port));
    containers.put(name, container);
    return here;
  }

  @Override
  public Map<String, String> environment() {
    return environment;
  }

  @Override
  public void kill(String server) {
    GenericContainer<?> container = containers.get(server);
    container.getDockerClient().killContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void up() {
    List<GenericContainer<?>> dead = new ArrayList<>(containers.values());
    dead.removeIf(GenericContainer::isRunning);
    for (GenericContainer<?> container : dead) {
      DockerClient docker = container.getDockerClient();
      docker.startContainerCmd(container.getContainerId()).exec();
      Wait.forHealthcheck().withStartupTimeout(PATIENCE).waitUntilReady(container);
    }
  }

  @Override
  public void close() {
    containers.values().forEach(GenericContainer::stop);
    network.close();
  }

  @Override
  public String toString() {
    return "containers of " + String.join(", ", images);
  }
}
