package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.api.enums.v1.WorkflowExecutionStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * Kills the worker and the servers with kill -9, one at a time, at random moments while a study
 * runs, and starts each again at once. All are killed equally often, in random order.
 */
final class Chaos implements AutoCloseable {
  private static final String WORKER = "worker";
  private static final List<String> ALL = List.of(WORKER, "temporal", "minio", "mlflow");
  private static final Duration LONGEST_SILENCE = Duration.ofMinutes(1);

  private final Servers servers;
  private final Path folder;
  private final Random random;
  private final Duration longestPause;
  private final Deque<String> victims = new ArrayDeque<>();
  private final long start = System.nanoTime();
  private WorkerProcess worker;
  private int killed;

  /**
   * @param folder of the workers' files
   * @param longestPause between two kills
   */
  Chaos(Servers servers, Path folder, long seed, Duration longestPause) throws IOException {
    this.servers = servers;
    this.folder = folder;
    this.random = new Random(seed);
    this.longestPause = longestPause;
    worker = servers.startWorker(folder);
  }

  /** How many kills hit a study that ran on afterwards. */
  int killed() {
    return killed;
  }

  /** Kills until there were enough kills, or the study has ended; returns when it has. */
  void disturb(String workflowId, int enough, Duration longest)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + longest.toNanos();
    while (killed < enough && stillRuns(workflowId, random.nextLong(longestPause.toMillis()))) {
      String victim = next();
      double at = seconds();
      if (victim.equals(WORKER)) {
        worker.kill();
        worker = servers.startWorker(folder);
      } else {
        servers.stack().kill(victim);
        servers.stack().up();
      }
      if (!stillRuns(workflowId, 0)) {
        say("%7.1f s  %s: the study ended meanwhile, which does not count", at, victim);
        return;
      }
      killed++;
      say("%7.1f s  kill %d: %s, started again in %.1f s", at, killed, victim, seconds() - at);
    }
    while (stillRuns(workflowId, 1000)) {
      assertThat(System.nanoTime()).as("the study does not end").isLessThan(deadline);
    }
    say("%7.1f s  the study has ended", seconds());
  }

  private String next() {
    if (victims.isEmpty()) {
      List<String> all = new ArrayList<>(ALL);
      Collections.shuffle(all, random);
      victims.addAll(all);
    }
    return victims.remove();
  }

  /** Whether the study runs, some time from now; cares for the worker meanwhile. */
  private boolean stillRuns(String workflowId, long afterMillis)
      throws IOException, InterruptedException {
    long now = System.nanoTime();
    long due = now + Duration.ofMillis(afterMillis).toNanos();
    while (System.nanoTime() < due) {
      if (!worker.alive()) {
        // It gives up when a server does not answer at its start: its supervisor's part.
        say("%7.1f s  the worker ended by itself and is started again", seconds());
        worker = servers.startWorker(folder);
      }
      Thread.sleep(20);
    }
    while (true) {
      try {
        return servers.status(workflowId)
            == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
      } catch (RuntimeException e) {
        if (System.nanoTime() - due > LONGEST_SILENCE.toNanos()) {
          throw e;
        }
        Thread.sleep(100);
      }
    }
  }

  private double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(format + "%n", arguments);
  }

  @Override
  public void close() throws InterruptedException {
    worker.kill();
  }
}
