package io.buttress.regularizer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.core.Linear;
import io.buttress.model.Forward;
import java.util.Map;

/**
 * {@code r4f}: {@code r3f} with a head whose weight is divided by its largest singular value, so
 * that it cannot make up for the penalty by scale (Aghajanyan et al. 2021, section 3.1).
 */
final class R4f extends R3f {
  private static final String HEAD = "classifier";

  private final Context context;
  private final SpectralNorm norm;

  R4f(Context context) {
    super(context);
    this.context = context;
    NDArray weight = weight();
    norm =
        new SpectralNorm(
            context.model().manager(), (int) weight.getShape().get(0), context.seed("spectral", 0));
    norm.iterate(weight);
  }

  private NDArray weight() {
    return context.model().parameters().get(HEAD + ".weight");
  }

  @Override
  public Forward forward() {
    return Forward.of(
        true,
        (name, x, weight, bias) -> {
          if (name.equals(HEAD)) {
            norm.iterate(weight);
          }
          return normalised(name, x, weight, bias);
        });
  }

  @Override
  public Forward evaluation() {
    return Forward.of(false, this::normalised);
  }

  @Override
  public Map<String, NDArray> state() {
    return norm.state();
  }

  /** The stored head is the normalised one. */
  @Override
  public void finish() {
    NDArray weight = weight();
    try (NDManager scope = context.model().manager().newSubManager();
        NDArray normalised = weight.div(norm.sigma(weight, scope))) {
      context.model().ops().assign(weight, normalised);
    }
  }

  private NDArray normalised(String name, NDArray x, NDArray weight, NDArray bias) {
    if (!name.equals(HEAD)) {
      return Linear.linear(x, weight, bias).singletonOrThrow();
    }
    NDArray product = Linear.linear(x, weight, null).singletonOrThrow();
    return product.div(norm.sigma(weight, x.getManager())).add(bias);
  }
}
