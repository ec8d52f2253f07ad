package io.buttress.study;

import java.util.List;
import java.util.Map;

/** The fields of a study's {@code training}. */
final class TrainingParameters {
  private static final Training STANDARD = Training.DEFAULT;
  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.number("epochs", STANDARD.epochs(), new Range(0, true, 10_000, false)),
          Parameter.integer("batchSize", STANDARD.batchSize(), Range.atLeast(1)),
          Parameter.number("learningRate", STANDARD.learningRate(), Range.above(0)),
          Parameter.number("warmup", STANDARD.warmup(), Range.closed(0, 1)),
          Parameter.integer("maxLength", STANDARD.maxLength(), Range.atLeast(3)),
          Parameter.choice("precision", STANDARD.precision(), "fp32", "bf16"),
          Parameter.number("weightDecay", STANDARD.weightDecay(), Range.atLeast(0)),
          Parameter.number("clipNorm", STANDARD.clipNorm(), Range.atLeast(0)),
          Parameter.choice("schedule", STANDARD.schedule(), "linear", "cosine", "constant"),
          Parameter.number("dropout", STANDARD.dropout(), Range.halfOpen(0, 1)),
          Parameter.integer("steps", STANDARD.steps(), Range.atLeast(1)),
          Parameter.integer("minSteps", STANDARD.minSteps(), Range.atLeast(0)),
          Parameter.integer("microBatchSize", STANDARD.microBatchSize(), Range.atLeast(1)),
          Parameter.integer("patience", STANDARD.patience(), Range.atLeast(1)),
          Parameter.integer("evaluateEvery", STANDARD.evaluateEvery(), Range.atLeast(1)));

  private TrainingParameters() {}

  /** All settings; the default alone when the field is left out. */
  static List<Training> parse(SpecNode node) {
    if (!node.present()) {
      return List.of(STANDARD);
    }
    if (!node.object(PARAMETERS.stream().map(Parameter::name).toList())) {
      return List.of();
    }
    List<Training> settings =
        Grid.settings(node, PARAMETERS).stream().map(TrainingParameters::training).toList();
    if (node.get("epochs").present()
        && !settings.isEmpty()
        && settings.stream().allMatch(setting -> setting.steps() != null)) {
      node.get("epochs").problem("has no effect beside steps: give one of them");
    }
    for (Training setting : settings) {
      if (setting.microBatchSize() != null && setting.microBatchSize() > setting.batchSize()) {
        node.get("microBatchSize")
            .problem(
                "must be at most batchSize: "
                    + setting.microBatchSize()
                    + " > "
                    + setting.batchSize());
        break;
      }
    }
    if (!node.get("evaluateEvery").blank()
        && !settings.isEmpty()
        && settings.stream().noneMatch(Training::stopsEarly)) {
      node.get("evaluateEvery").problem("has no effect without patience: give that, too");
    }
    // Without patience evaluateEvery has no effect: settings that differ in it alone are the same.
    return settings.stream().distinct().toList();
  }

  private static Training training(Map<String, Object> values) {
    return TrainingBuilder.builder()
        .epochs((Double) values.get("epochs"))
        .batchSize((Integer) values.get("batchSize"))
        .learningRate((Double) values.get("learningRate"))
        .warmup((Double) values.get("warmup"))
        .maxLength((Integer) values.get("maxLength"))
        .precision((String) values.get("precision"))
        .weightDecay((Double) values.get("weightDecay"))
        .clipNorm((Double) values.get("clipNorm"))
        .schedule((String) values.get("schedule"))
        .dropout((Double) values.get("dropout"))
        .steps((Integer) values.get("steps"))
        .minSteps((Integer) values.get("minSteps"))
        .microBatchSize((Integer) values.get("microBatchSize"))
        .patience((Integer) values.get("patience"))
        .evaluateEvery(
            values.get("patience") == null ? null : (Integer) values.get("evaluateEvery"))
        .build();
  }
}
