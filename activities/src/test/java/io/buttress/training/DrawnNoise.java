package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.method.Noise;
import io.buttress.study.Seeds;
import java.util.Random;
import java.util.function.Supplier;

/** Noise that Python draws alike: one {@link Random}, in the order of the calls, row by row. */
final class DrawnNoise implements Noise {
  private final Random random;

  DrawnNoise(String purpose) {
    random = new Random(Seeds.derive(Golden.SEED, purpose, 0));
  }

  @Override
  public NDArray normal(Shape shape, NDManager manager) {
    return draw(shape, manager, () -> (float) random.nextGaussian());
  }

  @Override
  public NDArray uniform(Shape shape, NDManager manager) {
    return draw(shape, manager, random::nextFloat);
  }

  private static NDArray draw(Shape shape, NDManager manager, Supplier<Float> next) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = next.get();
    }
    return manager.create(values, shape);
  }
}
