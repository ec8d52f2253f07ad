package io.buttress.encoding;

import io.buttress.activity.FineTune.Position;
import io.buttress.failure.Step;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.io.IOException;

/** Work of an activity on a pre-trained encoder, which is given back when the worker stops. */
@FunctionalInterface
interface PretrainedStep<T> {

  T run(Progress progress) throws IOException;

  /** Runs it in the activity that this thread is in. */
  static <T> T inActivity(HandOver handOver, PretrainedStep<T> step) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    handOver.begin();
    try {
      return Step.run(
          () ->
              step.run(
                  (done, steps, loss) -> {
                    handOver.check();
                    context.heartbeat(new Position(done, steps, null, null));
                  }));
    } finally {
      handOver.end();
    }
  }
}
