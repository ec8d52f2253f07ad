package io.buttress.method;

import ai.djl.ndarray.NDArray;
import io.buttress.model.Forward;

/**
 * {@code r3f}: predictions do not change under small noise on the word embeddings (Aghajanyan et
 * al. 2021, equation 3, and their code).
 *
 * <p>R = mean over the batch of KL(p || q) + KL(q || p), q the prediction of a second pass, with
 * dropout masks of its own and noise on the looked-up embeddings, which get no gradient there.
 */
class R3f implements FineTuningMethod {
  private final double lambda;
  private final boolean normal;
  private final NDArray epsilon;
  private final NDArray two;
  private final NDArray one;
  private final Noise noise;

  R3f(MethodContext context) {
    lambda = context.method().number("lambda");
    normal = context.method().text("noise").equals("normal");
    epsilon = context.scalar(context.method().number("eps"));
    two = context.scalar(2);
    one = context.scalar(1);
    noise = context.noise();
  }

  @Override
  public double lambda() {
    return lambda;
  }

  @Override
  public NDArray penalty(Pass pass) {
    Pass noised = pass.again(new Noised(pass.forward()));
    return Divergence.symmetric(pass.output().logits(), noised.output().logits());
  }

  /** Draws from N(0, eps) or from U(-eps, eps). */
  private NDArray draw(NDArray like) {
    return normal
        ? noise.normal(like.getShape(), like.getManager()).mul(epsilon)
        : noise.uniform(like.getShape(), like.getManager()).mul(two).sub(one).mul(epsilon);
  }

  private final class Noised implements Forward {
    private final Forward clean;

    Noised(Forward clean) {
      this.clean = clean;
    }

    @Override
    public boolean training() {
      return true;
    }

    @Override
    public NDArray tokens(NDArray tokens) {
      return clean.tokens(tokens.stopGradient()).add(draw(tokens));
    }

    @Override
    public NDArray linear(String name, NDArray x, NDArray weight, NDArray bias, Product product) {
      return clean.linear(name, x, weight, bias, product);
    }
  }
}
