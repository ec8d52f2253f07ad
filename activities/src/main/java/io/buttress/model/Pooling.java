package io.buttress.model;

import ai.djl.ndarray.NDArray;
import java.util.Locale;

/** How an input's token states become one representation. */
public enum Pooling {
  /** The state of the first token, {@code [CLS]}. */
  CLS {
    @Override
    public NDArray apply(NDArray hidden, Batch batch) {
      return hidden.get(batch.firstTokens());
    }
  },
  /** The mean over tokens. */
  MEAN {
    @Override
    public NDArray apply(NDArray hidden, Batch batch) {
      return batch.means().matMul(hidden);
    }
  };

  /**
   * Pools hidden states {@code [n, H]} of a batch's tokens to {@code [batch, H]}, on the autograd
   * tape.
   */
  public abstract NDArray apply(NDArray hidden, Batch batch);

  /** By the name that a study uses. */
  public static Pooling of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
