package io.buttress.tracking;

import com.codahale.metrics.MetricRegistry;
import io.buttress.access.Secrets;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.result.MetricLog;
import io.buttress.result.MetricPoint;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.RetryCounter;
import io.buttress.study.Quote;
import io.buttress.study.Trial;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/**
 * Studies and trials as runs on an MLflow server: one experiment per study name, in it one run per
 * study and nested runs for its trials. Every method can be repeated, by several workers at once:
 * runs are found again by their tags, and identical points are stored once.
 *
 * <p>Methods throw {@link IOException} when the server does not do its part, {@link
 * UnusableExperimentException} when trying again is of no use.
 */
public final class MlflowTracker implements MetricLog, AutoCloseable {
  /** Limit of one operation, which sends a few requests: {@code open} the most, about six. */
  private static final Duration CALL_LIMIT = Duration.ofSeconds(60);

  /** Most characters of a server's answer that a message repeats. */
  private static final int SHOWN = 500;

  private final MlflowAccess access;
  private final ArtifactStore store;
  private final Secrets secrets;
  private final MlflowHttp http;
  private final MlflowCalls calls;

  /**
   * Connects on first use.
   *
   * @param metrics where retries are counted
   */
  public MlflowTracker(MlflowAccess access, ArtifactStore store, MetricRegistry metrics) {
    this(access, store, metrics, CALL_LIMIT);
  }

  MlflowTracker(
      MlflowAccess access, ArtifactStore store, MetricRegistry metrics, Duration callLimit) {
    this.access = access;
    this.store = store;
    secrets = access.secrets();
    http = new MlflowHttp(access);
    calls = new MlflowCalls(access::client, callLimit, new RetryCounter(metrics, "mlflow"));
  }

  /** A run that is open. */
  record OpenRun(String id, RunFolder folder) {}

  /**
   * Checks that the server answers us.
   *
   * @throws IOException with one line that says what is wrong and which settings to look at
   */
  public void verifyReachable() throws IOException {
    http.verifyReachable();
  }

  OpenRun open(StudyRun study, String workflowId) throws IOException {
    return open(study, RunDescription.of(study, workflowId));
  }

  OpenRun open(StudyRun study, Trial trial, String workflowId) throws IOException {
    return open(study, RunDescription.of(study, trial, workflowId));
  }

  private OpenRun open(StudyRun study, RunDescription description) throws IOException {
    return call(runs -> openRun(runs.open(experiment(runs, study.name()), description)));
  }

  /** The run of a trial if it was ever opened. */
  Optional<OpenRun> find(StudyRun study, Trial trial, String workflowId) throws IOException {
    RunDescription description = RunDescription.of(study, trial, workflowId);
    return call(runs -> runs.find(experiment(runs, study.name()), description).map(this::openRun));
  }

  private String experiment(MlflowRuns runs, String name) {
    return runs.experiment(name, RunFolder.location(store, name));
  }

  private OpenRun openRun(RunInfo info) {
    return new OpenRun(info.getRunId(), new RunFolder(store, http, info.getArtifactUri()));
  }

  @Override
  public void log(String runId, List<MetricPoint> points) throws IOException {
    call(
        runs -> {
          runs.log(runId, points);
          return null;
        });
  }

  /** Ends the runs of a study's trials that nobody ended. */
  void endAbandoned(StudyRun study) throws IOException {
    endRunning(study.name(), RunDescription.trialsOf(study));
  }

  /** Ends all runs of studies with a name, trials' and their own, that are still running. */
  public void endRunning(String name) throws IOException {
    endRunning(name, Map.of());
  }

  private void endRunning(String name, Map<String, String> tags) throws IOException {
    call(
        runs -> {
          runs.endRunning(experiment(runs, name), tags, RunStatus.KILLED);
          return null;
        });
  }

  /** Puts those files of a stored artifact that are wanted into the run's folder. */
  void upload(OpenRun run, Artifact artifact, Predicate<String> wanted) throws IOException {
    for (var file : artifact.files().entrySet()) {
      if (wanted.test(file.getKey())) {
        run.folder().put(file.getKey(), file.getValue());
      }
    }
  }

  /**
   * Ends a run: {@code FINISHED} also for diverged trials, which are results.
   *
   * @param failure one line, or null
   * @param tags further tags; null values are left out
   */
  void end(OpenRun run, TrialStatus status, String failure, Map<String, String> tags)
      throws IOException {
    Map<String, String> all = new TreeMap<>();
    tags.forEach(
        (name, value) -> {
          if (value != null) {
            all.put(name, value);
          }
        });
    all.put("buttress.status", status.name().toLowerCase(Locale.ROOT));
    // Set without a failure, too: it replaces that of an earlier attempt.
    all.put("buttress.failure", failure == null ? "" : failure);
    RunStatus ended =
        switch (status) {
          case DONE, DIVERGED -> RunStatus.FINISHED;
          case ERROR -> RunStatus.FAILED;
          case CANCELLED -> RunStatus.KILLED;
        };
    call(
        runs -> {
          runs.setTags(run.id(), all);
          runs.end(run.id(), ended);
          return null;
        });
  }

  @Override
  public void close() {
    calls.close();
  }

  private <T> T call(Function<MlflowRuns, T> call) throws IOException {
    try {
      return calls.run(client -> call.apply(new MlflowRuns(client)));
    } catch (TimeoutException e) {
      throw new IOException(
          access
              + " has not answered for "
              + calls.limit()
              + "; check "
              + access.names().trackingUri(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + access, e);
    } catch (MlflowHttpException e) {
      // Not as a cause: a server may repeat what it was sent, and histories keep causes.
      throw new IOException(
          access
              + " answers with status "
              + e.getStatusCode()
              + ": "
              + Quote.line(secrets.hide(String.valueOf(e.getBodyMessage())), SHOWN));
    } catch (MlflowClientException e) {
      if (e.getCause() == null) {
        throw new IOException(access + ": " + secrets.hide(e.getMessage()));
      }
      IOException problem =
          e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
      throw http.unreachable(secrets.hide(problem));
    }
  }
}
