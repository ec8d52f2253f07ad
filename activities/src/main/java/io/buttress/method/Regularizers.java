package io.buttress.method;

import io.buttress.study.Method;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The methods by the id that a study uses. */
public final class Regularizers {
  private static final Map<String, Function<Context, Regularizer>> BY_ID = new TreeMap<>();

  static {
    BY_ID.put("stl", context -> new StandardFineTuning());
    BY_ID.put("repina-i", RepinaIdentity::new);
    BY_ID.put("repina-mlp", RepinaMlp::new);
    BY_ID.put("repina-mean", RepinaMean::new);
    BY_ID.put("repina-shuffled", RepinaShuffled::new);
    BY_ID.put("da", DataAugmentation::new);
    BY_ID.put("wc", Regularizers::consolidation);
    BY_ID.put("reinit", Reinitialisation::new);
    BY_ID.put("r3f", R3f::new);
    BY_ID.put("r4f", R4f::new);
    BY_ID.put("r-drop", RDrop::new);
    BY_ID.put("mixout", Mixout::new);
    BY_ID.put("lp", context -> new LinearProbing(context, false));
    BY_ID.put("lp-ft", context -> new LinearProbing(context, true));
    BY_ID.put("llrd", LayerwiseDecay::new);
    BY_ID.put("freeze", Freezing::new);
    BY_ID.put("bitfit", context -> new BitFit());
    BY_ID.put("lora", Lora::new);
  }

  private Regularizers() {}

  private static Regularizer consolidation(Context context) {
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
  public static Regularizer create(Context context) {
    Method method = context.method();
    Function<Context, Regularizer> constructor = BY_ID.get(method.id());
    if (constructor == null) {
      throw new IllegalArgumentException(
          "unknown method " + method.id() + "; known: " + String.join(", ", ids()));
    }
    return constructor.apply(context);
  }
}
