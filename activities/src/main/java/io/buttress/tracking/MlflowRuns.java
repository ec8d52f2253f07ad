package io.buttress.tracking;

import io.buttress.result.MetricPoint;
import io.buttress.study.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.CreateExperiment;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/** Experiments and runs on the tracking server. Every method can be repeated. */
final class MlflowRuns {
  /** The server's limits for one batch. */
  private static final int METRICS = 1000;

  /** Most runs in one answer to a search. */
  private static final int RUNS = 1000;

  private static final int PARAMETERS_OR_TAGS = 100;

  private static final String RUNNING_FILTER = "attributes.status = 'RUNNING'";
  private static final int ATTEMPTS = 5;
  private static final String ACTIVE = "active";

  private static final Comparator<RunInfo> OLDEST_FIRST =
      Comparator.comparingLong(RunInfo::getStartTime).thenComparing(RunInfo::getRunId);

  private final MlflowClient client;

  MlflowRuns(MlflowClient client) {
    this.client = client;
  }

  /**
   * The id of the experiment with this name, created when there is none.
   *
   * @param location where artifacts of a new experiment go; empty: as the server has it
   * @throws UnusableExperimentException when it was deleted, which keeps its name
   */
  String experiment(String name, Optional<String> location) {
    Optional<Experiment> experiment = findExperiment(name);
    if (experiment.isEmpty()) {
      CreateExperiment.Builder request = CreateExperiment.newBuilder().setName(name);
      location.ifPresent(request::setArtifactLocation);
      try {
        return client.createExperiment(request.build());
      } catch (MlflowHttpException e) {
        // Somebody was faster, or an earlier attempt's answer was lost.
        experiment = findExperiment(name);
        if (experiment.isEmpty()) {
          throw e;
        }
      }
    }
    String id = experiment.get().getExperimentId();
    if (!experiment.get().getLifecycleStage().equals(ACTIVE)) {
      throw new UnusableExperimentException(
          "the MLflow experiment '"
              + name
              + "' is deleted: restore it (mlflow experiments restore --experiment-id "
              + id
              + "), or give the study another name");
    }
    return id;
  }

  private Optional<Experiment> findExperiment(String name) {
    // By search, because the client retries and logs a lookup's "not found".
    return client
        .searchExperiments("name = '" + name + "'", ViewType.ALL, 1, List.of())
        .getItems()
        .stream()
        .findFirst();
  }

  /**
   * Finds or creates a run and sets it running, with its tags and parameters. Of several that were
   * created at once the oldest stays, and the others are deleted.
   */
  RunInfo open(String experimentId, RunDescription description) {
    for (int attempt = 1; ; attempt++) {
      RunInfo run = findOrCreate(experimentId, description);
      try {
        describe(run, description);
        return run;
      } catch (MlflowHttpException e) {
        // An older one, created at the same time, came to light only now and took its place.
        if (attempt == ATTEMPTS || isActive(run)) {
          throw e;
        }
      }
    }
  }

  private RunInfo findOrCreate(String experimentId, RunDescription description) {
    Optional<RunInfo> run = find(experimentId, description);
    if (run.isEmpty()) {
      create(experimentId, description);
      run = find(experimentId, description);
    }
    return run.orElseThrow(
        () -> new MlflowClientException("the server does not find the run it just created"));
  }

  private void describe(RunInfo run, RunDescription description) {
    setTags(run.getRunId(), description.tags());
    List<Param> parameters =
        description.parameters().entrySet().stream()
            .map(e -> Param.newBuilder().setKey(e.getKey()).setValue(e.getValue()).build())
            .toList();
    for (List<Param> batch : batches(parameters, PARAMETERS_OR_TAGS)) {
      client.logBatch(run.getRunId(), List.of(), batch, List.of());
    }
    if (run.getStatus() != RunStatus.RUNNING) {
      Map<String, String> request = new LinkedHashMap<>();
      request.put("run_id", run.getRunId());
      request.put("status", RunStatus.RUNNING.name());
      client.sendPost("runs/update", Json.canonical(request));
    }
  }

  private boolean isActive(RunInfo run) {
    return client.getRun(run.getRunId()).getInfo().getLifecycleStage().equals(ACTIVE);
  }

  /** The run, if there is one; deletes younger ones that claim to be the same. */
  Optional<RunInfo> find(String experimentId, RunDescription description) {
    List<RunInfo> runs =
        client
            .searchRuns(
                List.of(experimentId), filter(description.identity()), ViewType.ACTIVE_ONLY, RUNS)
            .getItems()
            .stream()
            .map(Run::getInfo)
            .sorted(OLDEST_FIRST)
            .toList();
    for (RunInfo younger : runs.subList(Math.min(1, runs.size()), runs.size())) {
      client.deleteRun(younger.getRunId());
    }
    return runs.stream().findFirst();
  }

  /** Ends all running runs that have these tags. */
  void endRunning(String experimentId, Map<String, String> tags, RunStatus status) {
    String running = tags.isEmpty() ? RUNNING_FILTER : filter(tags) + " and " + RUNNING_FILTER;
    List<Run> page;
    do {
      // Those that have ended are not found again.
      page =
          client.searchRuns(List.of(experimentId), running, ViewType.ACTIVE_ONLY, RUNS).getItems();
      page.forEach(run -> end(run.getInfo().getRunId(), status));
    } while (page.size() == RUNS);
  }

  private static String filter(Map<String, String> tags) {
    return tags.entrySet().stream()
        .map(tag -> "tags.`" + tag.getKey() + "` = '" + tag.getValue() + "'")
        .collect(Collectors.joining(" and "));
  }

  private void create(String experimentId, RunDescription description) {
    CreateRun.Builder request =
        CreateRun.newBuilder()
            .setExperimentId(experimentId)
            .setRunName(description.name())
            .setStartTime(System.currentTimeMillis());
    description.tags().forEach((key, value) -> request.addTags(tag(key, value)));
    client.createRun(request.build());
  }

  void setTags(String runId, Map<String, String> tags) {
    List<RunTag> all = tags.entrySet().stream().map(e -> tag(e.getKey(), e.getValue())).toList();
    for (List<RunTag> batch : batches(all, PARAMETERS_OR_TAGS)) {
      client.logBatch(runId, List.of(), List.of(), batch);
    }
  }

  /**
   * Logs points of steps that come after the last one that the run has of their metric. Sorted by
   * step, so that what got through of a broken call is the beginning of each metric.
   */
  void log(String runId, List<MetricPoint> points) {
    Map<String, Long> logged =
        client.getRun(runId).getData().getMetricsList().stream()
            .collect(Collectors.toMap(Metric::getKey, Metric::getStep));
    List<Metric> metrics =
        points.stream()
            .filter(point -> point.step() > logged.getOrDefault(point.metric(), -1L))
            .sorted(Comparator.comparingInt(MetricPoint::step))
            .map(
                point ->
                    Metric.newBuilder()
                        .setKey(point.metric())
                        .setStep(point.step())
                        .setTimestamp(point.timestamp())
                        .setValue(point.value())
                        .build())
            .toList();
    for (List<Metric> batch : batches(metrics, METRICS)) {
      client.logBatch(runId, batch, List.of(), List.of());
    }
  }

  void end(String runId, RunStatus status) {
    client.setTerminated(runId, status);
  }

  private static RunTag tag(String key, String value) {
    return RunTag.newBuilder().setKey(key).setValue(value).build();
  }

  private static <T> List<List<T>> batches(List<T> all, int size) {
    List<List<T>> batches = new ArrayList<>();
    for (int from = 0; from < all.size(); from += size) {
      batches.add(all.subList(from, Math.min(from + size, all.size())));
    }
    return batches;
  }
}
