package io.buttress.activity;

/** Task queues, by what their activities need. */
public final class TaskQueues {
  /** Workflows, planning, tracking, reports. */
  public static final String STUDIES = "studies";

  /** Data preparation and measurements. */
  public static final String CPU = "cpu";

  /** Anything that runs the encoder. */
  public static final String GPU = "gpu";

  private TaskQueues() {}
}
