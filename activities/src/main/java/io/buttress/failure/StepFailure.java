package io.buttress.failure;

import ai.djl.engine.EngineException;
import io.buttress.activity.Failures;
import io.buttress.study.InvalidStudyException;
import io.temporal.activity.Activity;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;

/**
 * What an activity throws, and by that, whether Temporal tries it again. Only what may be otherwise
 * at the next attempt is: what is unexpected is a mistake, here or in the input, which would be
 * made over and over.
 */
public final class StepFailure {
  /**
   * A service or a disk; a worker that stops; a device or a process that others use, too. The
   * engine's own exceptions do not tell a device that is out of memory from a wrong operation.
   */
  private static final List<Class<? extends Throwable>> TRANSIENT =
      List.of(
          IOException.class,
          InterruptedException.class,
          RejectedExecutionException.class,
          EngineException.class,
          OutOfMemoryError.class);

  private StepFailure() {}

  /**
   * What to throw in place of an exception or of what caused it: Temporal's own (a cancellation, a
   * failure that has its type already) as they are; a {@link Permanent} one as a failure of its
   * type, with its message; a transient one so that it is tried again; any other one as a failure
   * that is not, with the name of its class for a type.
   *
   * @throws Error a transient one, which cannot be returned
   */
  public static RuntimeException of(Throwable thrown) {
    List<Throwable> causes = Stream.iterate(thrown, Objects::nonNull, Throwable::getCause).toList();
    for (Throwable cause : causes) {
      if (cause instanceof TemporalException temporal) {
        return temporal;
      }
      if (cause instanceof Permanent permanent) {
        return permanent(cause, permanent.type()).build();
      }
      if (cause instanceof InvalidStudyException) {
        return permanent(cause, Failures.INVALID_STUDY).build();
      }
    }
    if (causes.stream().anyMatch(StepFailure::isTransient)) {
      return Activity.wrap(thrown);
    }
    return permanent(thrown);
  }

  /** The same exception as a failure that is not tried again. */
  public static ApplicationFailure permanent(Throwable thrown) {
    ApplicationFailure failure =
        permanent(thrown, thrown.getClass().getName()).setCause(thrown.getCause()).build();
    failure.setStackTrace(thrown.getStackTrace());
    return failure;
  }

  private static ApplicationFailure.Builder permanent(Throwable cause, String type) {
    return ApplicationFailure.newBuilder()
        .setMessage(cause.getMessage())
        .setType(type)
        .setNonRetryable(true);
  }

  private static boolean isTransient(Throwable cause) {
    return TRANSIENT.stream().anyMatch(kind -> kind.isInstance(cause));
  }
}
