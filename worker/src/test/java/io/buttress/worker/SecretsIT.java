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
import io.buttress.worker.FakeService.Answer;
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
import okhttp3.tls.HeldCertificate;
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
  private static final String TOKEN = "mlflow-canary/token==";
  private static final String API_KEY = "temporal-canary/key==";
  private static final String PASSWORD = "canary p/4ssword";
  private static final String REFUSED_BUCKET = "refused";
  private static final String KEY =
      Base64.getEncoder().encodeToString("canary-key-of-thirty-two-bytes-!".getBytes());

  @TempDir private Path folder;
  private final String name = "secrets-" + UUID.randomUUID();
  private final List<String> traces = new ArrayList<>();
  private Servers servers;
  private Map<String, String> session;
  private FakeService hub;
  private FakeService mlflow;
  private FakeService store;
  private TemporalProxy proxy;
  private volatile WorkerProcess worker;
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
    // Between us and the real servers; they repeat credentials when they refuse a call.
    Answer refusal = FakeService.repeating(403);
    Answer tracking = FakeService.of(stack.variable("MLFLOW_TRACKING_URI"));
    mlflow =
        new FakeService(
            null,
            exchange -> {
              // Its client asks some times more before an activity fails.
              boolean refused =
                  exchange.getRequestURI().getPath().endsWith("/runs/create")
                      && !worker.output().contains("no access with Basic");
              (refused ? refusal : tracking).to(exchange);
            });
    Answer objects = FakeService.of(stack.variable("AWS_ENDPOINT_URL_S3"));
    store =
        new FakeService(
            null,
            exchange -> {
              if (exchange.getRequestURI().getPath().startsWith("/" + REFUSED_BUCKET)) {
                // At first what is tried again, and logged.
                int status = worker.output().contains("the object store fails") ? 403 : 503;
                String sent = exchange.getRequestHeaders().getFirst("X-Amz-Security-Token");
                FakeService.s3Error(status, "no access with " + sent).to(exchange);
              } else {
                objects.to(exchange);
              }
            });
    HeldCertificate authority = Certificate.newAuthority();
    proxy =
        new TemporalProxy(
            Certificate.good(authority),
            stack.variable("TEMPORAL_ADDRESS"),
            API_KEY,
            "PollActivityTaskQueue");
    session = stack.session();
    Map<String, String> settings = new HashMap<>(session);
    settings.put("HF_ENDPOINT", hub.uri());
    settings.put("HF_HOME", folder.resolve("hf").toString());
    settings.put("HF_TOKEN", HUB);
    settings.put("MLFLOW_TRACKING_URI", mlflow.uri());
    settings.put("MLFLOW_TRACKING_USERNAME", "user");
    settings.put("MLFLOW_TRACKING_PASSWORD", PASSWORD);
    settings.put("MLFLOW_TRACKING_TOKEN", TOKEN);
    settings.put("TEMPORAL_ADDRESS", proxy.address());
    settings.put("TEMPORAL_API_KEY", API_KEY);
    settings.put(
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
        Certificate.writeAuthority(authority, folder.resolve("ca.crt")).toString());
    settings.put("BUTTRESS_CODEC_KEY", KEY);
    settings.put("AWS_ENDPOINT_URL_S3", store.uri());
    settings.put("BUTTRESS_S3_BUCKETS", REFUSED_BUCKET);
    worker = servers.startWorker(folder, settings);
    Map<String, String> all = new HashMap<>(stack.environment());
    all.putAll(settings);
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
    if (mlflow != null) {
      mlflow.close();
    }
    if (store != null) {
      store.close();
    }
    if (servers != null) {
      servers.terminate(name);
      servers.close();
    }
    if (temporal != null) {
      temporal.getWorkflowServiceStubs().shutdownNow();
    }
    if (proxy != null) {
      proxy.close();
    }
  }

  @Test
  void noSecretIsInLogsHistoriesRunsOrReports() throws Exception {
    String refused = name + "-refused";
    studies.start(refused, study("hf:org/name"));
    String refusedToo = name + "-refused-too";
    studies.start(refusedToo, study("s3:" + REFUSED_BUCKET + "/model.zip"));
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

    assertThat(failure(refused)).contains("no access with Bearer ***");
    assertThat(failure(refusedToo)).contains("in bucket refused", "no access with ***");
    String history = history(name) + history(refused) + history(refusedToo);
    assertThat(history)
        .as("is encrypted")
        .contains("binary/encrypted")
        .doesNotContain("no access with", "sample:sentiment");
    traces.add(history);
    worker.terminate();
    String log = worker.output();
    assertThat(log)
        .as("what was repeated")
        .contains(
            "the object store fails",
            "no access with Basic ***",
            "PERMISSION_DENIED: no access with Bearer ***");
    traces.add(log);

    assertThat(traces).hasSizeGreaterThan(8);
    List<String> canaries =
        List.of(
            HUB,
            TOKEN,
            PASSWORD,
            "user:" + PASSWORD,
            API_KEY,
            KEY,
            session.get("AWS_SECRET_ACCESS_KEY"),
            session.get("AWS_SESSION_TOKEN"));
    for (String canary : canaries) {
      for (String spelling : spellings(canary)) {
        assertThat(traces).noneMatch(trace -> trace.contains(spelling));
      }
    }
  }

  /** What can be read of a study's failure. */
  private String failure(String workflowId) {
    StringWriter text = new StringWriter();
    assertThatThrownBy(() -> studies.result(workflowId).get(120, TimeUnit.SECONDS))
        .satisfies(failure -> failure.printStackTrace(new PrintWriter(text)));
    traces.add(text.toString());
    return text.toString();
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
