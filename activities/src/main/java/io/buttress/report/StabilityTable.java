package io.buttress.report;

import io.buttress.result.Setting;
import java.util.List;

/** How many runs of each method failed, and what the others took, over all tasks. */
record StabilityTable(String model, String regime, List<Row> methods) {

  record Row(
      String method,
      String parameters,
      int runs,
      int diverged,
      int degenerate,
      int unfinished,
      String passes,
      String hours,
      String seconds,
      String relative) {}

  static StabilityTable of(Stability stability) {
    return new StabilityTable(
        Format.model(stability.model()),
        stability.regime(),
        stability.methods().stream()
            .map(
                row ->
                    new Row(
                        row.method(),
                        new Setting(row.method(), row.parameters()).described(),
                        row.runs(),
                        row.diverged(),
                        row.degenerate(),
                        row.unfinished(),
                        Format.count(row.passes()),
                        Format.size(row.deviceHours()),
                        Format.size(row.trainSeconds()),
                        Format.ratio(row.relativeSeconds())))
            .toList());
  }
}
