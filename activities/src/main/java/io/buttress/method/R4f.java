package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.model.Forward;
import io.buttress.model.Forward.Product;
import io.buttress.model.TorchOps;
import java.util.Map;

/**
 * {@code r4f}: {@code r3f} with a head whose weight is divided by its largest singular value, so
 * that it cannot make up for the penalty by scale (Aghajanyan et al. 2021, section 3.1).
 */
final class R4f extends R3f {
  private static final String HEAD = "classifier";

  private final MethodContext context;
  private final SpectralNorm norm;

  R4f(MethodContext context) {
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
        (name, x, weight, bias, product) -> {
          if (name.equals(HEAD)) {
            norm.iterate(weight);
          }
          return normalised(name, x, weight, bias, product);
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
      TorchOps.assign(weight, normalised);
    }
  }

  private NDArray normalised(
      String name, NDArray x, NDArray weight, NDArray bias, Product product) {
    if (!name.equals(HEAD)) {
      return product.apply(x, weight, bias);
    }
    NDArray y = product.apply(x, weight, null);
    return y.div(norm.sigma(weight, x.getManager())).add(bias);
  }
}
