package io.buttress.worker;

import io.buttress.activity.TaskQueues;

/** What a worker takes work from. */
public enum Queue {
  STUDIES(TaskQueues.STUDIES),
  CPU(TaskQueues.CPU),
  GPU(TaskQueues.GPU);

  private final String taskQueue;

  Queue(String taskQueue) {
    this.taskQueue = taskQueue;
  }

  String taskQueue() {
    return taskQueue;
  }
}
