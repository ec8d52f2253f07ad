package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A study that ran in one piece: what a disturbed one must end like. */
final class Undisturbed {
  /** All that may differ: times, and where things are. */
  private static final List<String> CIRCUMSTANCES =
      List.of(
          "trainSeconds",
          "relativeSeconds",
          "deviceSeconds",
          "deviceHours",
          "examplesPerSecond",
          "mlflowRunId",
          "modelUri");

  private static final String WEIGHTS = "model.safetensors";

  private final JsonNode report;

  private Undisturbed(JsonNode report) {
    this.report = report;
  }

  /** Runs it, embedded. */
  static Undisturbed run(JsonNode study, Path folder) throws IOException, InterruptedException {
    Path file = Files.createDirectories(folder).resolve("study.json");
    Files.writeString(file, study.toString());
    Path out = folder.resolve("report");
    try (WorkerProcess process =
        WorkerProcess.start(
            folder.resolve("log"),
            Map.of("BUTTRESS_HOME", folder.resolve("home").toString()),
            "local",
            file.toString(),
            "--no-mlflow",
            "--out",
            out.toString())) {
      assertThat(process.await()).as(process.output()).isEqualTo(Exit.DONE);
    }
    return new Undisturbed(Json.MAPPER.readTree(out.resolve("report.json").toFile()));
  }

  int trials() {
    return report.path("trials").size();
  }

  void assertSameReport(JsonNode other) {
    assertThat(trials()).isPositive();
    assertThat(report.path("trials").findValuesAsText("status")).containsOnly("done");
    assertThat(withoutCircumstances(other)).isEqualTo(withoutCircumstances(report));
  }

  /** Byte by byte. */
  void assertSameWeights(JsonNode other, ObjectStore store) throws IOException {
    for (int i = 0; i < trials(); i++) {
      Path expected =
          Path.of(URI.create(report.at("/trials/" + i + "/modelUri").asText())).resolve(WEIGHTS);
      String folder =
          URI.create(other.at("/trials/" + i + "/modelUri").asText()).getPath().substring(1);
      try (InputStream weights = store.get(folder + "/" + WEIGHTS).orElseThrow()) {
        assertThat(weights)
            .as("weights of trial %d", i)
            .hasDigest("SHA-256", ArtifactStore.sha256(expected));
      }
    }
  }

  private static JsonNode withoutCircumstances(JsonNode report) {
    JsonNode copy = report.deepCopy();
    remove(copy);
    return copy;
  }

  private static void remove(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.remove(CIRCUMSTANCES);
    }
    if (node instanceof ObjectNode || node instanceof ArrayNode) {
      node.forEach(Undisturbed::remove);
    }
  }
}
