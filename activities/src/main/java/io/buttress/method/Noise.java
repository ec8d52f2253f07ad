package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** Where a method's random numbers come from. */
public interface Noise {
  /** The engine's generator, which the training loop seeds before every step. */
  Noise ENGINE =
      new Noise() {
        @Override
        public NDArray normal(Shape shape, NDManager manager) {
          return manager.randomNormal(0, 1, shape, DataType.FLOAT32);
        }

        @Override
        public NDArray uniform(Shape shape, NDManager manager) {
          return manager.randomUniform(0, 1, shape, DataType.FLOAT32);
        }
      };

  /** Independent draws from N(0, 1), float32. */
  NDArray normal(Shape shape, NDManager manager);

  /** Independent draws from [0, 1), float32. */
  NDArray uniform(Shape shape, NDManager manager);
}
