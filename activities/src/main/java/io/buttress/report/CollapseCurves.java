package io.buttress.report;

import io.buttress.study.TrialResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Effective rank, and CKA with the pre-trained encoder, against the layer and against the steps of
 * training: a line for each setting, means over runs.
 */
final class CollapseCurves {
  private static final Map<String, String> METRICS = new LinkedHashMap<>();

  static {
    METRICS.put("effective_rank", "effective rank");
    METRICS.put("cka_pretrained", "CKA with pre-trained");
  }

  private CollapseCurves() {}

  /** One value of a metric map at a place on the x axis. */
  private record Place(int x, Map<String, Double> metrics) {}

  /** By hidden state; the pre-trained encoder is a line of its own. */
  static List<Chart> layers(Comparison comparison) {
    return charts(
        comparison,
        "by layer",
        "layer, 0 = embeddings",
        collapse -> places(collapse.layers(), l -> new Place(l.layer(), l.finetuned())),
        collapse -> places(collapse.layers(), l -> new Place(l.layer(), l.pretrained())));
  }

  /** By optimizer step. */
  static List<Chart> trajectories(Comparison comparison) {
    return charts(
        comparison,
        "during training",
        "optimizer step",
        collapse -> places(collapse.trajectory(), m -> new Place(m.step(), m.finetuned())),
        collapse -> List.of());
  }

  private static <T> List<Place> places(List<T> measured, Function<T, Place> place) {
    return measured == null ? List.of() : measured.stream().map(place).toList();
  }

  private static List<Chart> charts(
      Comparison comparison,
      String title,
      String axis,
      Function<TrialResult.Collapse, List<Place>> finetuned,
      Function<TrialResult.Collapse, List<Place>> pretrained) {
    List<Chart> charts = new ArrayList<>();
    METRICS.forEach(
        (metric, name) -> {
          List<Chart.Series> series = new ArrayList<>();
          for (Comparison.Row row : comparison.methods()) {
            if (row.collapse() != null) {
              add(series, comparison.label(row), points(finetuned.apply(row.collapse()), metric));
            }
          }
          if (!series.isEmpty()) {
            Chart chart =
                new Chart(
                        name + " " + title,
                        new Chart.Axis(axis, false),
                        new Chart.Axis(name, false),
                        series)
                    .marked();
            charts.add(
                metric.equals("cka_pretrained") ? chart : reference(chart, comparison, pretrained));
          }
        });
    return charts;
  }

  /** The same chart with the pre-trained encoder's line. */
  private static Chart reference(
      Chart chart, Comparison comparison, Function<TrialResult.Collapse, List<Place>> pretrained) {
    return comparison.methods().stream()
        .map(Comparison.Row::collapse)
        .flatMap(collapse -> collapse == null ? Stream.empty() : Stream.of(collapse))
        .map(collapse -> points(pretrained.apply(collapse), "effective_rank"))
        .filter(points -> points.size() > 1)
        .findFirst()
        .map(points -> chart.with(new Chart.Series("pre-trained", Mark.DASHED, true, points)))
        .orElse(chart);
  }

  private static void add(List<Chart.Series> series, String name, List<Chart.Point> points) {
    if (points.size() > 1) {
      series.add(Chart.Series.line(name, points));
    }
  }

  private static List<Chart.Point> points(List<Place> places, String metric) {
    List<Chart.Point> points = new ArrayList<>();
    for (Place place : places) {
      Double value = place.metrics().get(metric);
      if (value != null && Double.isFinite(value)) {
        points.add(new Chart.Point(place.x(), value, 0));
      }
    }
    return points;
  }
}
