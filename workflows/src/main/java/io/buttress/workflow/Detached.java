package io.buttress.workflow;

import io.temporal.workflow.Workflow;
import java.util.function.Supplier;

/** Runs what must happen although the workflow is cancelled. */
final class Detached {
  private Detached() {}

  static void run(Runnable work) {
    Workflow.newDetachedCancellationScope(work).run();
  }

  static <T> T call(Supplier<T> work) {
    Object[] result = new Object[1];
    run(() -> result[0] = work.get());
    @SuppressWarnings("unchecked")
    T value = (T) result[0];
    return value;
  }
}
