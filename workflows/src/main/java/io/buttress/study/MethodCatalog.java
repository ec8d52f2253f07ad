package io.buttress.study;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The fine-tuning methods of this version and their parameters. */
public final class MethodCatalog {
  private static final Range ANY_WEIGHT = Range.atLeast(0);
  private static final Range POSITIVE = Range.above(0);
  private static final Range COUNT = Range.atLeast(1);
  private static final Parameter LAYERS = Parameter.layers("layers", -1);
  private static final Parameter POOLING = Parameter.choice("pooling", "cls", "cls", "mean");
  private static final Parameter R3F_LAMBDA =
      Parameter.number("lambda", 1.0, ANY_WEIGHT, 0.1, 0.5, 1.0, 5.0);
  private static final Parameter EPS = Parameter.number("eps", 1e-5, POSITIVE);
  private static final Parameter NOISE = Parameter.choice("noise", "uniform", "uniform", "normal");

  private static final List<Entry> ENTRIES =
      List.of(
          method("stl", "standard fine-tuning: the task loss alone"),
          repina(
              "repina-i",
              "REPINA with identity projection: keeps representations near the pre-trained ones"),
          repina(
                  "repina-mlp",
                  "REPINA with a learned projection: keeps what a small network can read out of them",
                  Parameter.integer("depth", 2, COUNT),
                  Parameter.integer("width", null, COUNT),
                  Parameter.choice("activation", "relu", "relu", "gelu", "tanh"),
                  Parameter.number("phiLearningRate", 1e-3, POSITIVE),
                  Parameter.choice("phiInit", "default", "default", "identity", "fit"),
                  Parameter.integer("phiSteps", 200, COUNT))
              .with(
                  new Rule(
                      "phiInit",
                      "identity needs the activation relu, or depth 1",
                      MethodCatalog::identityIsPossible)),
          method(
              "da",
              "data augmentation: Gaussian noise on the word embeddings",
              Parameter.number("sigma", 0.25, ANY_WEIGHT, 0.1, 0.25, 0.5)),
          method(
              "wc",
              "weight consolidation (L2-SP, RecAdam): keeps weights near the pre-trained ones",
              Parameter.number("lambda", 0.1, ANY_WEIGHT, 0.01, 0.1, 1.0, 10.0),
              Parameter.choice("decay", "keep", "keep", "none"),
              Parameter.choice("anneal", "none", "none", "recadam"),
              Parameter.number("gamma", 5000.0, ANY_WEIGHT),
              Parameter.number("annealSlope", 0.5, POSITIVE),
              Parameter.number("annealMidpoint", 250.0, ANY_WEIGHT)),
          method(
              "reinit",
              "pooler and top layers start anew",
              Parameter.integer("n", 1, COUNT, 1, 2, 3, 4, 5, 6)),
          classification("r3f", "predictions must not change under noise", R3F_LAMBDA, EPS, NOISE)
              .with(2),
          classification("r4f", "r3f with a spectrally normalised head", R3F_LAMBDA, EPS, NOISE)
              .with(2),
          method(
                  "r-drop",
                  "two passes with different dropout must agree",
                  Parameter.number("lambda", 1.0, ANY_WEIGHT, 0.1, 0.5, 1.0))
              .with(2),
          method(
              "mixout",
              "random input columns of linear layers have their old weights",
              Parameter.number("p", 0.7, Range.halfOpen(0, 1), 0.5, 0.7, 0.9)),
          method("lp", "linear probing: a linear head on the frozen encoder").with(0),
          method("lp-ft", "linear probing, then fine-tuning"),
          method(
              "llrd",
              "layer-wise learning-rate decay",
              Parameter.number("decay", 0.9, new Range(0, true, 1, false), 0.8, 0.9, 0.95)),
          method(
              "freeze",
              "embeddings and bottom layers are frozen",
              Parameter.integer("n", null, Range.atLeast(0))),
          method("bitfit", "only biases and the head are trained"),
          method(
              "lora",
              "low-rank corrections of queries and values",
              Parameter.integer("r", 8, COUNT),
              Parameter.number("alpha", 16.0, POSITIVE)),
          repina("repina-mean", "control: only the mean of a batch may not drift"),
          repina("repina-shuffled", "control: targets are the representations of other inputs"));

  private MethodCatalog() {}

  /** Every method, in the order to list them. */
  public static List<Entry> entries() {
    return ENTRIES;
  }

  public static Optional<Entry> find(String id) {
    return ENTRIES.stream().filter(entry -> entry.id().equals(id)).findFirst();
  }

  static Entry entry(Method method) {
    return find(method.id())
        .orElseThrow(() -> new IllegalArgumentException("unknown method " + method.id()));
  }

  /**
   * A method.
   *
   * @param summary one line
   * @param usesTrainSnapshot compares with the pre-trained representations of the training set, at
   *     its parameters {@code layers} and {@code pooling}
   * @param regression whether it can be used for regression
   * @param passes forward passes of a step, and as many backward, at the default parameters
   * @param rules conditions on its settings beyond each parameter's range
   */
  public record Entry(
      String id,
      String summary,
      List<Parameter> parameters,
      boolean usesTrainSnapshot,
      boolean regression,
      int passes,
      List<Rule> rules) {
    private Entry with(int passes) {
      return new Entry(id, summary, parameters, usesTrainSnapshot, regression, passes, rules);
    }

    private Entry with(Rule... rules) {
      return new Entry(
          id, summary, parameters, usesTrainSnapshot, regression, passes, List.of(rules));
    }
  }

  /**
   * A condition on several parameters of a setting at once, whatever the encoder.
   *
   * @param parameter the one at which a setting that breaks it is reported
   * @param message of that report
   * @param holds whether a setting meets it
   */
  public record Rule(String parameter, String message, Predicate<Method> holds) {}

  private static Entry method(String id, String summary, Parameter... parameters) {
    return new Entry(id, summary, List.of(parameters), false, true, 1, List.of());
  }

  private static Entry classification(String id, String summary, Parameter... parameters) {
    return new Entry(id, summary, List.of(parameters), false, false, 1, List.of());
  }

  private static Entry repina(String id, String summary, Parameter... more) {
    Stream<Parameter> shared =
        Stream.of(
            Parameter.number("lambda", 0.01, ANY_WEIGHT, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
            LAYERS,
            POOLING);
    return new Entry(
        id, summary, Stream.concat(shared, Stream.of(more)).toList(), true, true, 1, List.of());
  }

  /**
   * Whether phi can start as the identity: relu keeps x as max(x, 0) and max(-x, 0), which a linear
   * layer puts together again; tanh and gelu cannot be undone so.
   */
  private static boolean identityIsPossible(Method method) {
    return !method.text("phiInit").equals("identity")
        || method.integer("depth", 1) == 1
        || method.text("activation").equals("relu");
  }
}
