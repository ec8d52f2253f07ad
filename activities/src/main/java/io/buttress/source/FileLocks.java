package io.buttress.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Mutual exclusion by lock files, among all threads and processes of this machine. */
final class FileLocks {
  /** File locks are held per process; these exclude the threads of this one. */
  private static final ConcurrentMap<Path, Object> MONITORS = new ConcurrentHashMap<>();

  private FileLocks() {}

  @FunctionalInterface
  interface Action {
    void run() throws Refusal, SourceException, IOException;
  }

  /**
   * @param lock a file that has no other use
   */
  static void holding(Path lock, Action action) throws Refusal, SourceException, IOException {
    synchronized (MONITORS.computeIfAbsent(lock, path -> new Object())) {
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        action.run();
      }
    }
  }
}
