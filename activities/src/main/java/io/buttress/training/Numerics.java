package io.buttress.training;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/**
 * What else decides the last bits of a floating-point result: equal inputs give equal bytes only on
 * the same kind of device with the same number of threads.
 *
 * @param device {@code cpu} or {@code gpu}
 * @param threads of the engine, per process
 */
public record Numerics(String device, int threads) {

  /** This process's; loads the engine. */
  public static Numerics current() {
    return new Numerics(
        Engine.getInstance().defaultDevice().getDeviceType(), JniUtils.getNumThreads());
  }
}
