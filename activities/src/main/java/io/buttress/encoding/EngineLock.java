package io.buttress.encoding;

import io.temporal.activity.Activity;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The tensor engine of this process, for one computation at a time: its random state and thread
 * pool are global.
 */
public final class EngineLock implements AutoCloseable {
  private static final ReentrantLock LOCK = new ReentrantLock(true);

  private EngineLock() {}

  /** Waits for the engine; {@code progress} is told now and then, and may throw to give up. */
  public static EngineLock acquire(Progress progress) {
    try {
      while (!LOCK.tryLock(500, TimeUnit.MILLISECONDS)) {
        progress.at(0, 0, null);
      }
      return new EngineLock();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Activity.wrap(e);
    }
  }

  @Override
  public void close() {
    LOCK.unlock();
  }
}
