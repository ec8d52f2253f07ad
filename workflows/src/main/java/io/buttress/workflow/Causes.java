package io.buttress.workflow;

import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.ChildWorkflowFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.failure.TerminatedFailure;
import io.temporal.failure.TimeoutFailure;
import java.util.Locale;

/** Tells why an activity or a child workflow failed. */
final class Causes {
  private static final int LONGEST_LINE = 500;
  private static final int LONGEST_MESSAGE = 100_000;

  private Causes() {}

  static boolean isCancellation(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof CanceledFailure) {
        return true;
      }
    }
    return false;
  }

  /** One line: the step that failed and why, down to the root cause; no stack. */
  static String line(Throwable failure) {
    String step = "";
    if (failure instanceof ActivityFailure activity) {
      String type = activity.getActivityType();
      step = type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1) + ": ";
    }
    Throwable cause = unwrapped(failure);
    String message = message(cause);
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String rootMessage = message(root);
    if (!message.contains(rootMessage)) {
      message += ": " + rootMessage;
    }
    String line = (step + message).replaceAll("\\s*\\R\\s*", "; ").strip();
    return line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE) + "...";
  }

  /** The failure that ends a workflow because a step failed: same type, same message. */
  static ApplicationFailure ending(Throwable failure) {
    return unwrapped(failure) instanceof ApplicationFailure application
        ? ending(message(application), application.getType())
        : ending(line(failure), "StepFailed");
  }

  /** A failure that ends a workflow for good; a huge message is cut, or the server refuses it. */
  static ApplicationFailure ending(String message, String type) {
    String cut = message;
    if (message.length() > LONGEST_MESSAGE) {
      int end = message.lastIndexOf('\n', LONGEST_MESSAGE);
      cut = message.substring(0, end > 0 ? end : LONGEST_MESSAGE) + "\n... and more";
    }
    ApplicationFailure failure = ApplicationFailure.newNonRetryableFailure(cut, type);
    // Whoever reads it looks for what to mend in the study, not in this code.
    failure.setStackTrace(new StackTraceElement[0]);
    return failure;
  }

  /** Without Temporal's own wrapping, whose messages speak of events and identities. */
  private static Throwable unwrapped(Throwable failure) {
    Throwable t = failure;
    while ((t instanceof ActivityFailure || t instanceof ChildWorkflowFailure)
        && t.getCause() != null) {
      t = t.getCause();
    }
    return t;
  }

  private static String message(Throwable t) {
    if (t instanceof TimeoutFailure timeout) {
      return switch (timeout.getTimeoutType()) {
        case TIMEOUT_TYPE_HEARTBEAT -> "its worker stopped answering (heartbeat timeout)";
        case TIMEOUT_TYPE_SCHEDULE_TO_CLOSE -> "gave up trying (schedule-to-close timeout)";
        default -> "took too long (start-to-close timeout)";
      };
    }
    if (t instanceof TerminatedFailure) {
      return "its workflow was terminated";
    }
    String message =
        t instanceof TemporalFailure temporal ? temporal.getOriginalMessage() : t.getMessage();
    if (message != null && !message.isBlank()) {
      return message;
    }
    return t instanceof ApplicationFailure application
        ? application.getType()
        : t.getClass().getSimpleName();
  }
}
