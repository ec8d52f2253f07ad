package io.buttress.worker;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.result.MetricHistory;
import io.buttress.storage.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;

/** What the tracking server has of a study. */
final class TrackedStudy {
  private final MlflowClient mlflow;
  private final ObjectStore store;
  private final List<Run> runs;

  private record Point(long step, double value) {}

  TrackedStudy(Servers servers, String name) {
    mlflow = servers.mlflow();
    store = servers.artifacts().objects();
    runs = servers.runs(name);
  }

  /** One finished run of the study and of each of its trials. */
  void assertOneRunEach(JsonNode report) {
    List<String> fingerprints = report.path("trials").findValuesAsText("fingerprint");
    assertThat(runs).hasSize(fingerprints.size() + 1);
    assertThat(runs).extracting(run -> run.getInfo().getStatus()).containsOnly(RunStatus.FINISHED);
    assertThat(runs.stream().map(TrackedStudy::fingerprint).filter(text -> !text.isEmpty()))
        .containsExactlyInAnyOrderElementsOf(fingerprints);
  }

  /**
   * Every point of every trial's history once, and one point of every other metric.
   *
   * @param folder for files
   * @return how many points
   */
  int assertOnePointEach(Path folder) throws IOException {
    int points = 0;
    for (Run run : runs) {
      if (fingerprint(run).isEmpty()) {
        continue;
      }
      Map<String, List<Point>> history = history(run, folder);
      assertThat(run.getData().getMetricsList())
          .extracting(Metric::getKey)
          .containsAll(history.keySet());
      for (Metric metric : run.getData().getMetricsList()) {
        List<Point> tracked =
            mlflow.getMetricHistory(run.getInfo().getRunId(), metric.getKey()).stream()
                .map(point -> new Point(point.getStep(), point.getValue()))
                .toList();
        String where = run.getInfo().getRunName() + ", " + metric.getKey();
        if (history.containsKey(metric.getKey())) {
          List<Point> expected = history.get(metric.getKey());
          assertThat(without(expected, tracked)).as("missing of " + where).isEmpty();
          assertThat(without(tracked, expected)).as("too many of " + where).isEmpty();
        } else if (metric.getKey().startsWith("layers.")) {
          // One of each hidden state.
          assertThat(tracked)
              .as(where)
              .isNotEmpty()
              .extracting(Point::step)
              .doesNotHaveDuplicates();
        } else {
          assertThat(tracked).as(where).hasSize(1);
        }
        points += tracked.size();
      }
    }
    return points;
  }

  /** Each as often as it is in the first list and not in the second one. */
  private static List<Point> without(List<Point> points, List<Point> others) {
    List<Point> rest = new ArrayList<>(points);
    others.forEach(rest::remove);
    return rest;
  }

  private static String fingerprint(Run run) {
    return run.getData().getTagsList().stream()
        .filter(tag -> tag.getKey().equals("buttress.fingerprint"))
        .map(RunTag::getValue)
        .findFirst()
        .orElse("");
  }

  /** As it was stored with the trial. */
  private Map<String, List<Point>> history(Run run, Path folder) throws IOException {
    Path file = folder.resolve(run.getInfo().getRunId() + ".csv");
    String artifacts = URI.create(run.getInfo().getArtifactUri()).getPath().substring(1);
    try (InputStream csv = store.get(artifacts + "/history.csv").orElseThrow()) {
      Files.copy(csv, file);
    }
    return MetricHistory.read(file).stream()
        .collect(
            groupingBy(
                point -> point.metric(),
                mapping(point -> new Point(point.step(), point.value()), toList())));
  }
}
