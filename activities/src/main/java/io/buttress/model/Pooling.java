package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.util.Locale;

/** How an input's token states become one representation. */
public enum Pooling {
  /** The state of the first token, {@code [CLS]}. */
  CLS {
    @Override
    public NDArray apply(NDArray hidden, Batch batch) {
      return hidden.get(new NDIndex(":, 0"));
    }
  },
  /** The mean over real tokens. */
  MEAN {
    @Override
    public NDArray apply(NDArray hidden, Batch batch) {
      NDArray real = batch.realTokens().expandDims(2);
      NDArray sum = hidden.mul(real).sum(new int[] {1});
      return sum.div(real.sum(new int[] {1}));
    }
  };

  /** Pools hidden states {@code [batch, length, H]} to {@code [batch, H]}, on the autograd tape. */
  public abstract NDArray apply(NDArray hidden, Batch batch);

  /** By the name that a study uses. */
  public static Pooling of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
