package io.buttress.report;

import io.buttress.statistics.Statistic;
import io.buttress.study.ProbeRequest;
import io.buttress.study.TrialResult;
import io.buttress.study.TrialResult.Collapse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What linear probes for other tasks reach, a column each: the pre-trained encoder first, then the
 * methods, the random encoder last.
 */
record ProbeTable(List<String> tasks, List<Row> rows) {
  record Row(String name, List<Cell> cells) {}

  /**
   * @param value mean and standard deviation over runs
   * @param drop mean over runs of how far it is below the pre-trained encoder; null for that one
   */
  record Cell(String value, String drop) {}

  /**
   * @param runs of a task, by method
   * @return null without probes
   */
  static ProbeTable of(Map<String, List<TrialResult>> runs) {
    List<Collapse> all =
        runs.values().stream().map(ProbeTable::measured).flatMap(List::stream).toList();
    TreeSet<String> keys = new TreeSet<>();
    all.forEach(collapse -> keys.addAll(collapse.random().keySet()));
    if (keys.isEmpty()) {
      return null;
    }
    List<Row> rows = new ArrayList<>();
    rows.add(reference("pre-trained", keys, all, Collapse::pretrained));
    runs.forEach(
        (method, trials) -> {
          List<Collapse> own = measured(trials);
          if (!own.isEmpty()) {
            rows.add(new Row(method, keys.stream().map(key -> cell(key, own)).toList()));
          }
        });
    rows.add(reference("random", keys, all, Collapse::random));
    return new ProbeTable(
        keys.stream().map(key -> key.substring(ProbeRequest.PREFIX.length())).toList(),
        List.copyOf(rows));
  }

  private static List<Collapse> measured(List<TrialResult> trials) {
    return trials.stream()
        .map(TrialResult::collapse)
        .filter(collapse -> collapse != null && collapse.random() != null)
        .toList();
  }

  /** The row of an encoder that is not fine-tuned: runs differ in maxLength alone, if at all. */
  private static Row reference(
      String name,
      Iterable<String> keys,
      List<Collapse> all,
      Function<Collapse, Map<String, Double>> side) {
    List<Cell> cells = new ArrayList<>();
    for (String key : keys) {
      cells.add(new Cell(Format.metric(mean(all, one -> side.apply(one).get(key))), null));
    }
    return new Row(name, cells);
  }

  private static Cell cell(String key, List<Collapse> runs) {
    return new Cell(
        Format.statistic(statistic(runs, run -> run.finetuned().get(key))),
        Format.metric(mean(runs, run -> drop(run, key))));
  }

  private static Double drop(Collapse run, String key) {
    Double before = run.pretrained().get(key);
    Double after = run.finetuned().get(key);
    return before == null || after == null ? null : before - after;
  }

  private static Double mean(List<Collapse> runs, Function<Collapse, Double> value) {
    Statistic statistic = statistic(runs, value);
    return statistic == null ? null : statistic.mean();
  }

  private static Statistic statistic(List<Collapse> runs, Function<Collapse, Double> value) {
    return Statistic.of(runs.stream().map(value).filter(Objects::nonNull).toList());
  }
}
