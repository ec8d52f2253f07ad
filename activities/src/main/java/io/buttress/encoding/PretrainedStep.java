package io.buttress.encoding;

import io.buttress.activity.Failures;
import io.buttress.activity.FineTune.Position;
import io.buttress.model.InvalidModelException;
import io.buttress.storage.LostArtifactException;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Work of an activity on a pre-trained encoder, which is given back when the worker stops. */
@FunctionalInterface
interface PretrainedStep<T> {

  T run(Progress progress) throws IOException;

  /** Runs it in the activity that this thread is in. */
  static <T> T inActivity(HandOver handOver, PretrainedStep<T> step) {
    ActivityExecutionContext context = Activity.getExecutionContext();
    handOver.begin();
    try {
      return step.run(
          (done, steps, loss) -> {
            handOver.check();
            context.heartbeat(new Position(done, steps, null, null));
          });
    } catch (InvalidModelException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.INVALID_STUDY);
    } catch (LostArtifactException e) {
      throw ApplicationFailure.newNonRetryableFailure(e.getMessage(), Failures.LOST);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      handOver.end();
    }
  }
}
