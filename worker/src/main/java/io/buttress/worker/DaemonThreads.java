package io.buttress.worker;

import java.util.concurrent.ThreadFactory;

/** Makes threads with a name, which do not keep the process alive. */
record DaemonThreads(String name) implements ThreadFactory {
  @Override
  public Thread newThread(Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
