package io.buttress.method;

import io.buttress.model.EncoderConfig;
import io.buttress.model.InvalidModelException;
import io.buttress.study.Method;
import io.buttress.study.Problem;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The methods by the id that a study uses. */
public final class MethodRegistry {
  private static final Map<String, Implementation> BY_ID = new TreeMap<>();

  private record Implementation(
      Function<MethodContext, FineTuningMethod> constructor, EncoderCheck check) {}

  static {
    add("stl", context -> new StandardFineTuning());
    add("repina-i", RepinaIdentity::new, Repina::problems);
    add("repina-mlp", RepinaMlp::new, RepinaMlp::problems);
    add("repina-mean", RepinaMean::new, Repina::problems);
    add("repina-shuffled", RepinaShuffled::new, Repina::problems);
    add("da", DataAugmentation::new);
    add("wc", MethodRegistry::consolidation);
    add("reinit", Reinitialisation::new, EncoderCheck::layers);
    add("r3f", R3f::new);
    add("r4f", R4f::new);
    add("r-drop", RDrop::new);
    add("mixout", Mixout::new);
    add("lp", context -> new LinearProbing(context, false));
    add("lp-ft", context -> new LinearProbing(context, true));
    add("llrd", LayerwiseDecay::new);
    add("freeze", Freezing::new, EncoderCheck::layers);
    add("bitfit", context -> new BitFit());
    add("lora", Lora::new);
  }

  private MethodRegistry() {}

  /** A method that any encoder can be fine-tuned by. */
  private static void add(String id, Function<MethodContext, FineTuningMethod> constructor) {
    add(id, constructor, (method, model, config) -> List.of());
  }

  private static void add(
      String id, Function<MethodContext, FineTuningMethod> constructor, EncoderCheck check) {
    BY_ID.put(id, new Implementation(constructor, check));
  }

  private static FineTuningMethod consolidation(MethodContext context) {
    return context.method().text("anneal").equals("recadam")
        ? new AnnealedConsolidation(context)
        : new WeightConsolidation(context);
  }

  public static Set<String> ids() {
    return BY_ID.keySet();
  }

  /**
   * @throws IllegalArgumentException when there is no method of that id
   */
  public static FineTuningMethod create(MethodContext context) {
    return implementation(context.method()).constructor().apply(context);
  }

  /**
   * What a setting asks for and an encoder does not have; none when it can be used.
   *
   * @param model the encoder's name, for messages
   * @throws IllegalArgumentException when there is no method of that id
   */
  public static List<Problem> problems(Method method, String model, EncoderConfig config) {
    return implementation(method).check().problems(method, model, config);
  }

  /**
   * Checks a setting before a model is trained by it.
   *
   * @throws InvalidModelException listing its problems
   */
  public static void requireFits(Method method, String model, EncoderConfig config)
      throws InvalidModelException {
    List<Problem> problems = problems(method, model, config);
    if (!problems.isEmpty()) {
      throw new InvalidModelException(
          problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    }
  }

  private static Implementation implementation(Method method) {
    Implementation known = BY_ID.get(method.id());
    if (known == null) {
      throw new IllegalArgumentException(
          "unknown method " + method.id() + "; known: " + String.join(", ", ids()));
    }
    return known;
  }
}
