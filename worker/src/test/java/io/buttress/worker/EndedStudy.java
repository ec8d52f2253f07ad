package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import io.buttress.study.StudyResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.function.Executable;

/** Holds what a study left on the servers against the same study undisturbed. */
final class EndedStudy {
  private EndedStudy() {}

  /**
   * Prints a line for each check.
   *
   * @param workflowId also the study's name
   * @param folder for files
   */
  static void check(Servers servers, String workflowId, JsonNode study, Path folder)
      throws Exception {
    ObjectStore store = servers.artifacts().objects();
    StudyResult result = servers.studies().result(workflowId).get(60, TimeUnit.SECONDS);
    ReportFiles.write(servers.artifacts(), result.reportKey(), folder);
    JsonNode report = Json.MAPPER.readTree(folder.resolve("report.json").toFile());
    Undisturbed expected = Undisturbed.run(study, folder.resolve("undisturbed"));
    TrackedStudy tracked = new TrackedStudy(servers, workflowId);
    Path histories = Files.createDirectories(folder.resolve("histories"));
    assertAll(
        checked(
            "report.json equals the undisturbed study's in every metric",
            () -> expected.assertSameReport(report)),
        checked(
            "the weights of all " + expected.trials() + " models are the same bytes",
            () -> expected.assertSameWeights(report, store)),
        checked(
            "MLflow has one run of each trial, finished", () -> tracked.assertOneRunEach(report)),
        checked(
            "MLflow has one point of each metric and step, and none is missing",
            () -> assertThat(tracked.assertOnePointEach(histories)).isPositive()),
        checked(
            "the bucket has no checkpoint of these trials",
            () -> {
              for (String trial : report.path("trials").findValuesAsText("fingerprint")) {
                assertThat(servers.checkpoints(trial)).isEmpty();
              }
            }));
  }

  private static Executable checked(String what, Executable check) {
    return () -> {
      try {
        check.execute();
      } catch (Throwable e) {
        System.out.println("FAILED  " + what);
        throw e;
      }
      System.out.println("ok      " + what);
    };
  }
}
