package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.buttress.study.TaskKind;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResultBuilder;
import io.buttress.study.TrialStatus;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.UniqueElements;
import org.junit.jupiter.api.Test;

class TradeOffTest {
  private static final ReportedTask TASK =
      new ReportedTask("a", TaskKind.CLASSIFICATION, List.of("accuracy"), 0.5, 100);

  @Test
  void resultAndCollapseFollowTheParameterThatVaries() {
    List<Chart> charts =
        TradeOff.grids(
            comparison(
                row(0.5, 3.0, "stl"),
                row(0.8, 5.0, "wc", "lambda", 1.0),
                row(0.7, 4.0, "wc", "lambda", 0.01),
                row(0.6, 6.0, "r3f", "lambda", 1.0)));

    assertThat(charts)
        .extracting(Chart::title)
        .containsExactly("accuracy against lambda", "gm_rel_20 against lambda");
    assertThat(charts.get(0).x().logarithmic()).isTrue();
    assertThat(charts.get(0).series())
        .extracting(Chart.Series::name, Chart.Series::points)
        .containsExactly(
            tuple("wc", List.of(new Chart.Point(0.01, 0.7, 0.1), new Chart.Point(1, 0.8, 0.1))),
            tuple("stl", List.of(new Chart.Point(0.01, 0.5, 0), new Chart.Point(1, 0.5, 0))));
    assertThat(charts.get(1).series().get(0).points())
        .containsExactly(new Chart.Point(0.01, 4, 0), new Chart.Point(1, 5, 0));
  }

  @Test
  void otherParametersHaveLinesOfTheirOwn() {
    List<Chart> charts =
        TradeOff.grids(
            comparison(
                row(0.7, null, "repina-i", "lambda", 0.1, "pooling", "cls"),
                row(0.7, null, "repina-i", "lambda", 0.2, "pooling", "cls"),
                row(0.8, null, "repina-i", "lambda", 0.1, "pooling", "mean"),
                row(0.8, null, "repina-i", "lambda", 0.2, "pooling", "mean")));

    assertThat(charts).hasSize(1);
    assertThat(charts.get(0).x().logarithmic()).isFalse();
    assertThat(charts.get(0).series())
        .extracting(Chart.Series::name)
        .containsExactly("repina-i (pooling=cls)", "repina-i (pooling=mean)");
  }

  @Test
  void withoutAGridThereIsNoLine() {
    assertThat(
            TradeOff.grids(
                comparison(
                    row(0.5, 3.0, "stl"),
                    row(0.8, 5.0, "wc", "lambda", 1.0),
                    row(0.8, 5.0, "mixout", "p", 0.7))))
        .isEmpty();
  }

  @Property(tries = 100)
  void aLineHasEverySettingOnceAndInOrder(
      @ForAll @Size(min = 2, max = 9) @UniqueElements
          List<@DoubleRange(min = 0.01, max = 100) Double> grid) {
    Comparison.Row[] rows =
        grid.stream()
            .map(value -> row(value / 200, null, "wc", "lambda", value))
            .toArray(Comparison.Row[]::new);
    List<Chart.Point> points = TradeOff.grids(comparison(rows)).get(0).series().get(0).points();

    assertThat(points.stream().map(Chart.Point::x)).containsExactlyElementsOf(sorted(grid));
    assertThat(points).allMatch(point -> point.y() == point.x() / 200);
  }

  @Test
  void everyDoneRunThatWasMeasuredIsADot() {
    TrialResult unmeasured = Results.done("a", "stl", 3, Map.of("accuracy", 0.7));
    Chart chart =
        TradeOff.runs(
            TASK,
            comparison(row(0.5, 3.0, "stl")),
            List.of(
                run("stl", 1, 0.6, 30.0),
                run("wc", 1, 0.8, 60.0),
                run("stl", 2, 0.7, 35.0),
                run("stl", 4, 0.7, null),
                Results.ended("a", "wc", 2, TrialStatus.DIVERGED),
                unmeasured));

    assertThat(chart.series())
        .extracting(Chart.Series::name, Chart.Series::line, Chart.Series::points)
        .containsExactly(
            tuple("stl", false, List.of(new Chart.Point(30, 0.6, 0), new Chart.Point(35, 0.7, 0))),
            tuple("wc", false, List.of(new Chart.Point(60, 0.8, 0))));
  }

  @Test
  void oneDotIsNoPicture() {
    assertThat(
            TradeOff.runs(
                TASK, comparison(row(0.5, 3.0, "stl")), List.of(run("stl", 1, 0.6, 30.0))))
        .isNull();
  }

  private static List<Double> sorted(List<Double> values) {
    return values.stream().sorted().toList();
  }

  private static TrialResult run(String method, long seed, double accuracy, Double rank) {
    TrialResult r = Results.done("a", method, seed, Map.of("accuracy", accuracy));
    Map<String, Double> metrics = new HashMap<>();
    metrics.put("effective_rank", rank);
    return TrialResultBuilder.from(r)
        .collapse(new TrialResult.Collapse(metrics, metrics, null, null, null))
        .build();
  }

  private static Comparison comparison(Comparison.Row... rows) {
    return new Comparison(
        "file:/m", "a", "full", List.of("accuracy"), 0.5, true, Arrays.asList(rows));
  }

  private static Comparison.Row row(
      double mean, Double relative, String method, Object... parameters) {
    TreeMap<String, Object> named = new TreeMap<>();
    for (int i = 0; i < parameters.length; i += 2) {
      named.put((String) parameters[i], parameters[i + 1]);
    }
    Map<String, Double> metrics = new HashMap<>();
    metrics.put("gm_rel_5", 9.0);
    metrics.put("gm_rel_20", relative);
    metrics.put("gm_rel_50", null);
    return ComparisonRowBuilder.builder()
        .method(method)
        .parameters(named)
        .runs(3)
        .mean(mean)
        .standardDeviation(0.1)
        .median(mean)
        .collapse(
            relative == null ? null : new TrialResult.Collapse(metrics, metrics, null, null, null))
        .build();
  }
}
