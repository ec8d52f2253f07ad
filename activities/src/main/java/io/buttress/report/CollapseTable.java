package io.buttress.report;

import io.buttress.study.TrialResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A few collapse metrics, averaged over runs: the pre-trained encoder first, then the methods.
 *
 * @param k of the geometric and harmonic means
 */
record CollapseTable(int k, List<Row> rows) {

  record Row(
      String name,
      String effectiveRank,
      String gmRelative,
      String hmRelative,
      String gm,
      String hm,
      String cosine,
      String cka) {}

  /**
   * @return null when no run was measured
   */
  static CollapseTable of(Comparison comparison) {
    List<Comparison.Row> measured =
        comparison.methods().stream().filter(row -> row.collapse() != null).toList();
    if (measured.isEmpty()) {
      return null;
    }
    TrialResult.Collapse first = measured.get(0).collapse();
    int k = middle(first.pretrained());
    List<Row> rows = new ArrayList<>();
    rows.add(row("pre-trained", first.pretrained(), k));
    for (Comparison.Row row : measured) {
      rows.add(row(comparison.label(row), row.collapse().finetuned(), k));
    }
    return new CollapseTable(k, rows);
  }

  private static Row row(String name, Map<String, Double> metrics, int k) {
    return new Row(
        name,
        Format.size(metrics.get("effective_rank")),
        Format.size(metrics.get("gm_rel_" + k)),
        Format.size(metrics.get("hm_rel_" + k)),
        Format.size(metrics.get("gm_" + k)),
        Format.size(metrics.get("hm_" + k)),
        Format.size(metrics.get("mean_cosine")),
        Format.size(metrics.get("cka_pretrained")));
  }

  /** The middle one of the k that the encoder is measurable at; 0 without any. */
  private static int middle(Map<String, Double> metrics) {
    List<Integer> ks =
        metrics.entrySet().stream()
            .filter(metric -> metric.getKey().matches("gm_\\d+"))
            .filter(metric -> Objects.nonNull(metric.getValue()))
            .map(metric -> Integer.valueOf(metric.getKey().substring(3)))
            .sorted()
            .toList();
    return ks.isEmpty() ? 0 : ks.get(ks.size() / 2);
  }
}
