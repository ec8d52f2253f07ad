package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.core.Linear;

/**
 * One kind of forward pass. A fine-tuning method may change its pieces; these are the plain ones.
 */
@FunctionalInterface
public interface Forward {
  Forward EVALUATION = () -> false;
  Forward TRAINING = () -> true;

  /** Whether dropout is on. */
  boolean training();

  /**
   * A rate of dropout: on hidden states, attention probabilities or before the head.
   *
   * @param configured the model's
   */
  default double dropout(double configured) {
    return configured;
  }

  /**
   * What the encoder makes of the looked-up tokens, before positions and LayerNorm are applied.
   *
   * @param tokens {@code [n, E]}, rows of the word embedding table
   */
  default NDArray tokens(NDArray tokens) {
    return tokens;
  }

  /**
   * A linear layer, y = x W' + b.
   *
   * @param name of the layer, as in {@code encoder.layer.0.attention.self.query}
   * @param weight {@code [outputs, inputs]}
   * @param bias {@code [outputs]}
   * @param product computes x W' + b in the layer's precision
   */
  default NDArray linear(String name, NDArray x, NDArray weight, NDArray bias, Product product) {
    return product.apply(x, weight, bias);
  }

  /** x W' + b in some precision. */
  @FunctionalInterface
  interface Product {
    Product FP32 = (x, weight, bias) -> Linear.linear(x, weight, bias).singletonOrThrow();

    /**
     * @param bias null: none
     */
    NDArray apply(NDArray x, NDArray weight, NDArray bias);
  }

  /** How a pass computes its linear layers, see {@link #linear}. */
  @FunctionalInterface
  interface LinearLayers {
    NDArray apply(String name, NDArray x, NDArray weight, NDArray bias, Product product);
  }

  /** A plain pass but for its linear layers. */
  static Forward of(boolean training, LinearLayers layers) {
    return new Forward() {
      @Override
      public boolean training() {
        return training;
      }

      @Override
      public NDArray linear(String name, NDArray x, NDArray weight, NDArray bias, Product product) {
        return layers.apply(name, x, weight, bias, product);
      }
    };
  }
}
