package io.buttress.study;

import java.util.List;

/** Reads a study's {@code selection} and holds it against the training settings. */
final class SelectionParser {
  private static final Range FRACTION = new Range(0, true, 0.5, false);

  private SelectionParser() {}

  /**
   * @return null when the study has none, or a wrong one
   */
  static SelectionSpec parse(SpecNode node, SpecNode training, List<Training> settings) {
    boolean stopsEarly = settings.stream().anyMatch(Training::stopsEarly);
    if (node.blank()) {
      if (stopsEarly) {
        training
            .get("patience")
            .problem("early stopping needs a selection split: give the study a selection");
      }
      return null;
    }
    if (!node.object(List.of("fraction", "refit"))) {
      return null;
    }
    Double fraction = node.get("fraction").number(FRACTION);
    SpecNode refitNode = node.get("refit");
    Boolean refit = refitNode.present() ? refitNode.bool() : Boolean.valueOf(!stopsEarly);
    if (refit != null && refit && stopsEarly) {
      refitNode.problem(
          "a refit has no selection split to stop on: leave out refit, or training.patience");
    }
    return fraction == null || refit == null ? null : new SelectionSpec(fraction, refit);
  }
}
