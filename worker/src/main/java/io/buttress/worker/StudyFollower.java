package io.buttress.worker;

import io.buttress.activity.Failures;
import io.buttress.report.StudyReport;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Json;
import io.buttress.study.Problem;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.temporal.client.WorkflowException;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for a study, shows its progress, and brings its report home. */
final class StudyFollower {
  private static final Logger LOG = LoggerFactory.getLogger(StudyFollower.class);
  private static final long POLL_MILLIS = 1000;

  private final StudyClient client;
  private final ArtifactStore store;
  private final PrintStream out;

  StudyFollower(StudyClient client, ArtifactStore store, PrintStream out) {
    this.client = client;
    this.store = store;
    this.out = out;
  }

  /**
   * Returns when the study has ended.
   *
   * @param folder where the report goes
   * @return the exit code
   * @throws InvalidStudyException when the study or its data are wrong
   * @throws ServiceException when it failed for another reason
   */
  int follow(String workflowId, Path folder)
      throws ServiceException, IOException, InterruptedException {
    CompletableFuture<StudyResult> ended = client.result(workflowId);
    try (ProgressView view = new ProgressView(out, System.console() != null)) {
      while (true) {
        try {
          ended.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
          show(view, workflowId);
          break;
        } catch (TimeoutException e) {
          show(view, workflowId);
        }
      }
    } catch (ExecutionException e) {
      return failed(e.getCause());
    }
    return report(ended.join(), folder);
  }

  /**
   * Brings home the report of a study that has ended.
   *
   * @throws ServiceException when it is still running
   */
  int fetch(String workflowId, Path folder)
      throws ServiceException, IOException, InterruptedException {
    try {
      return report(client.result(workflowId).get(5, TimeUnit.SECONDS), folder);
    } catch (TimeoutException e) {
      throw new ServiceException(workflowId + " has not ended: wait with buttress run --watch", e);
    } catch (ExecutionException e) {
      return failed(e.getCause());
    }
  }

  private int report(StudyResult result, Path folder) throws IOException {
    ReportFiles.write(store, result.reportKey(), folder);
    ReportTable.print(
        Json.MAPPER.readValue(folder.resolve(Artifacts.REPORT_JSON).toFile(), StudyReport.class),
        out);
    out.println();
    out.println("report: " + folder.resolve(Artifacts.REPORT_HTML));
    return result.done() == result.planned() ? Exit.DONE : Exit.SOME_FAILED;
  }

  private void show(ProgressView view, String workflowId) {
    StudyProgress progress;
    String detail = "";
    try {
      progress = client.progress(workflowId);
      if (!progress.running().isEmpty()) {
        StudyProgress.Running trial = progress.running().get(0);
        Optional<StudyClient.Activity> activity = client.activity(trial.workflowId());
        detail = activity.map(a -> ProgressView.describe(trial, a)).orElse("");
      }
    } catch (RuntimeException e) {
      // A worker that is busy or restarting cannot answer a query; the study goes on.
      LOG.debug("no progress from {}", workflowId, e);
      return;
    }
    view.show(progress, detail);
  }

  private static int failed(Throwable failure) throws ServiceException {
    Throwable cause = failure instanceof WorkflowException ? failure.getCause() : failure;
    if (cause instanceof CanceledFailure) {
      return Exit.CANCELLED;
    }
    if (cause instanceof ApplicationFailure application) {
      if (List.of(Failures.INVALID_STUDY, Failures.INVALID_DATA).contains(application.getType())) {
        throw new InvalidStudyException(
            application.getOriginalMessage().lines().map(line -> new Problem("", line)).toList());
      }
      throw new ServiceException("the study failed: " + application.getOriginalMessage(), failure);
    }
    throw new ServiceException("the study failed: " + cause, failure);
  }
}
