package io.buttress.regularizer;

import io.buttress.study.Method;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The methods by the id that a study uses. */
public final class Regularizers {
  private static final Map<String, Function<Context, Regularizer>> BY_ID =
      new TreeMap<>(Map.of("stl", c -> new StandardFineTuning(), "repina-i", RepinaIdentity::new));

  private Regularizers() {}

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
