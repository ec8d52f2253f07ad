package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryRequest;
import io.temporal.client.WorkflowClient;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.Run;

/** What of a worker's secrets can be read where studies leave traces: nothing. */
@ExtendWith(StackExtension.class)
final class SecretsIT {
  private static final String HUB = "hf_canary-token";
  private static final String PASSWORD = "canary p/4ssword";
  private static final String KEY =
      Base64.getEncoder().encodeToString("canary-key-of-thirty-two-bytes-!".getBytes());

  @TempDir private Path folder;
  private final String name = "secrets-" + UUID.randomUUID();
  private final List<String> traces = new ArrayList<>();
  private Servers servers;
  private FakeService hub;
  private WorkerProcess worker;
  private StudyClient studies;
  private WorkflowClient temporal;

  @BeforeEach
  void connect(Stack stack) throws Exception {
    servers = new Servers(stack);
    // Repeats the token when it refuses it.
    hub =
        new FakeService(
            null,
            exchange -> {
              String sent = exchange.getRequestHeaders().getFirst("Authorization");
              exchange.getResponseHeaders().add("X-Error-Message", "no access with " + sent);
              exchange.sendResponseHeaders(403, -1);
            });
    Map<String, String> secrets =
        Map.of(
            "HF_ENDPOINT",
            hub.uri(),
            "HF_HOME",
            folder.resolve("hf").toString(),
            "HF_TOKEN",
            HUB,
            "MLFLOW_TRACKING_USERNAME",
            "user",
            "MLFLOW_TRACKING_PASSWORD",
            PASSWORD,
            "BUTTRESS_CODEC_KEY",
            KEY);
    worker = servers.startWorker(folder, secrets);
    Map<String, String> all = new HashMap<>(servers.stack().environment());
    all.putAll(secrets);
    temporal = Connections.temporal(new Environment(all));
    studies = new StudyClient(temporal);
  }

  @AfterEach
  void disconnect() throws Exception {
    if (worker != null) {
      worker.kill();
    }
    if (hub != null) {
      hub.close();
    }
    if (servers != null) {
      servers.terminate(name);
      temporal.getWorkflowServiceStubs().shutdownNow();
      servers.close();
    }
  }

  @Test
  void noSecretIsInLogsHistoriesRunsOrReports() throws Exception {
    studies.start(name, study(TinyModel.write(folder.resolve("model")).toUri().toString()));
    StudyResult result = studies.result(name).get(180, TimeUnit.SECONDS);
    assertThat(result.done()).isEqualTo(1);
    Path report = Files.createDirectories(folder.resolve("report"));
    ReportFiles.write(servers.artifacts(), result.reportKey(), report);
    try (Stream<Path> files = Files.walk(report)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        traces.add(Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    servers.runs(name).stream().map(Run::toString).forEach(traces::add);

    String refused = name + "-refused";
    studies.start(refused, study("hf:org/name"));
    assertThatThrownBy(() -> studies.result(refused).get(120, TimeUnit.SECONDS))
        .satisfies(
            failure -> {
              StringWriter text = new StringWriter();
              failure.printStackTrace(new PrintWriter(text));
              assertThat(text.toString()).contains("no access with");
              traces.add(text.toString());
            });
    String history = history(name) + history(refused);
    assertThat(history)
        .as("is encrypted")
        .contains("binary/encrypted")
        .doesNotContain("no access with", "sample:sentiment");
    traces.add(history);
    worker.terminate();
    traces.add(worker.output());

    assertThat(traces).hasSizeGreaterThan(8);
    String secret = servers.stack().variable("AWS_SECRET_ACCESS_KEY");
    for (String canary : List.of(HUB, PASSWORD, "user:" + PASSWORD, KEY, secret)) {
      for (String spelling : spellings(canary)) {
        assertThat(traces).noneMatch(trace -> trace.contains(spelling));
      }
    }
  }

  private static List<String> spellings(String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    return List.of(
        secret,
        URLEncoder.encode(secret, StandardCharsets.UTF_8),
        Base64.getEncoder().withoutPadding().encodeToString(bytes));
  }

  private String history(String workflowId) {
    return temporal
        .getWorkflowServiceStubs()
        .blockingStub()
        .getWorkflowExecutionHistory(
            GetWorkflowExecutionHistoryRequest.newBuilder()
                .setNamespace(temporal.getOptions().getNamespace())
                .setExecution(WorkflowExecution.newBuilder().setWorkflowId(workflowId))
                .build())
        .toString();
  }

  private JsonNode study(String model) throws Exception {
    JsonNode study =
        Json.MAPPER.readTree(
            """
            {"name": "%s", "tasks": ["sample:sentiment"], "methods": [{"id": "stl"}], "seeds": [%d],
             "training": {"steps": 5, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
            """
                .formatted(name, name.hashCode() & 0xffff));
    ((ObjectNode) study).putArray("models").add(new TextNode(model));
    return study;
  }
}
