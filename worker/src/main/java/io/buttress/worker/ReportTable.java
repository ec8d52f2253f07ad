package io.buttress.worker;

import io.buttress.report.Comparison;
import io.buttress.report.StudyReport;
import io.buttress.study.TrialResult;
import java.io.PrintStream;
import java.util.Locale;

/** A study's tables for a terminal: the methods on every task. */
final class ReportTable {
  private static final String ROW = "  %-34s %8s %8s %5s %6s %6s %10s %10s%n";

  private ReportTable() {}

  static void print(StudyReport report, PrintStream out) {
    boolean severalModels =
        report.tables().comparisons().stream().map(Comparison::model).distinct().count() > 1;
    for (Comparison comparison : report.tables().comparisons()) {
      out.printf(
          "%n%s (%s, %s)%s%n",
          comparison.task(),
          String.join(" + ", comparison.metric()),
          comparison.regime(),
          severalModels ? "  " + comparison.model() : "");
      out.printf(ROW, "method", "mean", "sd", "runs", "failed", "rank", "eff. rank", "CKA to pre");
      for (Comparison.Row row : comparison.methods()) {
        out.printf(
            ROW,
            comparison.label(row),
            number(row.mean(), 4),
            number(row.standardDeviation(), 4),
            row.runs(),
            row.failedRuns() + row.unfinished(),
            number(row.rank(), 1),
            number(collapse(row, "effective_rank"), 1),
            number(collapse(row, "cka_pretrained"), 3));
      }
      TrialResult.Collapse collapse = comparison.methods().get(0).collapse();
      if (collapse != null) {
        String pretrained = number(collapse.pretrained().get("effective_rank"), 1);
        out.printf(ROW, "(pre-trained encoder)", "", "", "", "", "", pretrained, "");
      }
    }
  }

  private static Double collapse(Comparison.Row row, String metric) {
    return row.collapse() == null ? null : row.collapse().finetuned().get(metric);
  }

  private static String number(Double value, int digits) {
    return value == null ? "-" : String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
