package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import eu.rekawek.toxiproxy.Proxy;
import eu.rekawek.toxiproxy.ToxiproxyClient;
import eu.rekawek.toxiproxy.model.Toxic;
import eu.rekawek.toxiproxy.model.ToxicDirection;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A study whose way to the object store and to MLflow is bad, while it trains. */
@ExtendWith(StackExtension.class)
final class FaultsIT {
  private static final Duration BAD = Duration.ofSeconds(Extent.FULL ? 4 : 2);
  private static final Duration DOWN = Duration.ofSeconds(Extent.FULL ? 20 : 6);

  /** Enough to train for as long as it is bad. */
  private static final int SEEDS = Extent.FULL ? 2 : 1;

  @TempDir private Path folder;
  private final String name = "faults-" + UUID.randomUUID();
  private Servers servers;
  private Process toxiproxy;
  private List<Proxy> proxies;
  private WorkerProcess worker;

  @BeforeEach
  void connect(Stack stack) throws Exception {
    servers = new Servers(stack);
    String program = System.getenv("BUTTRESS_TOXIPROXY");
    if (program == null) {
      String reason =
          "BUTTRESS_TOXIPROXY is not set to the path of toxiproxy-server, by infra/test";
      assertThat(System.getenv("CI")).as(reason).isNull();
      abort(reason);
    }
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    toxiproxy =
        new ProcessBuilder(program, "-host", "127.0.0.1", "-port", Integer.toString(port))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("toxiproxy.log").toFile())
            .start();
    ToxiproxyClient toxiproxies = new ToxiproxyClient("127.0.0.1", port);
    awaitAnswer(toxiproxies);
    Proxy minio = proxy(toxiproxies, "AWS_ENDPOINT_URL_S3");
    Proxy mlflow = proxy(toxiproxies, "MLFLOW_TRACKING_URI");
    proxies = List.of(minio, mlflow);
    worker =
        servers.startWorker(
            folder,
            Map.of(
                "AWS_ENDPOINT_URL_S3", "http://" + minio.getListen(),
                "MLFLOW_TRACKING_URI", "http://" + mlflow.getListen()));
  }

  @AfterEach
  void disconnect() throws Exception {
    if (worker != null) {
      worker.kill();
    }
    if (toxiproxy != null) {
      toxiproxy.destroyForcibly();
    }
    if (servers != null) {
      servers.terminate(name);
      servers.close();
    }
  }

  private void awaitAnswer(ToxiproxyClient toxiproxies) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      try {
        toxiproxies.version();
        return;
      } catch (IOException e) {
        assertThat(System.nanoTime())
            .as(Files.readString(folder.resolve("toxiproxy.log")))
            .isLessThan(deadline);
        Thread.sleep(100);
      }
    }
  }

  private Proxy proxy(ToxiproxyClient toxiproxies, String variable) throws IOException {
    URI server = URI.create(servers.stack().variable(variable));
    return toxiproxies.createProxy(
        variable, "127.0.0.1:0", server.getHost() + ":" + server.getPort());
  }

  @Test
  void aBadWayToItsStoresChangesNoNumber() throws Exception {
    JsonNode study = study();
    servers.studies().start(name, study);
    CompletableFuture<StudyResult> ended = servers.studies().result(name);
    servers.awaitTraining(name);

    during(BAD, (proxy, way) -> proxy.toxics().latency("latency", way, 100).setJitter(80));
    during(BAD, (proxy, way) -> proxy.toxics().bandwidth("bandwidth", way, 20));
    during(BAD, (proxy, way) -> proxy.toxics().resetPeer("reset", way, 30));
    during(BAD, (proxy, way) -> proxy.toxics().timeout("silence", way, 0));
    assertThat(ended).as("it trains while its stores go").isNotDone();
    for (Proxy proxy : proxies) {
      proxy.disable();
    }
    Thread.sleep(DOWN.toMillis());
    for (Proxy proxy : proxies) {
      proxy.enable();
    }

    StudyResult result = ended.get(120, TimeUnit.SECONDS);
    assertThat(result.done()).as(worker.output()).isEqualTo(result.planned()).isEqualTo(2 * SEEDS);
    EndedStudy.check(servers, name, study, folder.resolve("end"));
  }

  @FunctionalInterface
  private interface Fault {
    void on(Proxy proxy, ToxicDirection way) throws IOException;
  }

  private void during(Duration time, Fault fault) throws Exception {
    for (Proxy proxy : proxies) {
      fault.on(proxy, ToxicDirection.DOWNSTREAM);
    }
    Thread.sleep(time.toMillis());
    for (Proxy proxy : proxies) {
      for (Toxic toxic : proxy.toxics().getAll()) {
        toxic.remove();
      }
    }
  }

  private JsonNode study() throws Exception {
    Path model = TinyModel.write(folder.resolve("model"));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment"],
         "methods": [{"id": "stl"}, {"id": "repina-i", "lambda": 0.1}],
         "seeds": %s, "execution": {"checkpointEvery": "1s"},
         "training": {"steps": 1500, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(
                name,
                model.toUri(),
                LongStream.range(0, SEEDS).map(i -> name.hashCode() + i).boxed().toList()));
  }
}
