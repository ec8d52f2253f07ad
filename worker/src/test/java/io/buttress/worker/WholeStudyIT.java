package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.stack.Stack;
import io.buttress.stack.StackExtension;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;

/** A study of eight trials on real servers, from its start to its report. */
@ExtendWith(StackExtension.class)
final class WholeStudyIT {
  @TempDir private Path folder;
  private final String name = "whole-" + UUID.randomUUID();

  @Test
  void leavesResultsRunsModelsAndAReport(Stack stack) throws Exception {
    try (Servers servers = new Servers(stack);
        WorkerProcess worker = servers.startWorker(folder)) {
      servers.studies().start(name, study());
      StudyResult result = servers.studies().result(name).get(300, TimeUnit.SECONDS);
      assertThat(result.done()).as(worker.output()).isEqualTo(result.planned()).isEqualTo(8);

      JsonNode report = report(servers, result);
      assertThat(report.path("trials").findValuesAsText("status")).hasSize(8).containsOnly("done");
      List<Run> runs = servers.runs(name);
      assertThat(runs)
          .hasSize(1 + 8)
          .allMatch(run -> run.getInfo().getStatus() == RunStatus.FINISHED);
      String bucket = "s3://" + servers.bucket() + "/";
      for (String model : report.path("trials").findValuesAsText("modelUri")) {
        assertThat(model).startsWith(bucket);
        String key = model.substring(bucket.length()) + "/model.safetensors";
        assertThat(servers.artifacts().objects().exists(key)).as(key).isTrue();
      }
      say("study %s: %d of %d trials done", name, result.done(), result.planned());
      say("MLflow: %d runs finished; models: %s", runs.size(), bucket);
      for (JsonNode trial : report.path("trials")) {
        say(
            "  %-18s %-9s seed %2d  accuracy %.3f, effective rank %.2f",
            trial.path("task").asText(),
            trial.path("method").asText(),
            trial.path("seed").asInt() - name.hashCode(),
            trial.at("/validation/accuracy").asDouble(),
            trial.at("/collapse/finetuned/effective_rank").asDouble());
      }
    }
  }

  private JsonNode report(Servers servers, StudyResult result) throws Exception {
    Path out = folder.resolve("report");
    ReportFiles.write(servers.artifacts(), result.reportKey(), out);
    assertThat(out.resolve("report.html")).isNotEmptyFile();
    return Json.MAPPER.readTree(out.resolve("report.json").toFile());
  }

  private JsonNode study() throws Exception {
    Path model = TinyModel.write(folder.resolve("model"));
    return Json.MAPPER.readTree(
        """
        {"name": "%s", "models": ["%s"], "tasks": ["sample:sentiment", "sample:entailment"],
         "methods": [{"id": "stl"}, {"id": "repina-i", "lambda": 0.1}], "seeds": [%d, %d],
         "training": {"steps": 20, "batchSize": 8, "learningRate": 1e-3, "maxLength": 32}}
        """
            // Seeds of its own keep this study's trials apart from those of earlier runs.
            .formatted(name, model.toUri(), name.hashCode(), name.hashCode() + 1L));
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(format + "%n", arguments);
  }
}
