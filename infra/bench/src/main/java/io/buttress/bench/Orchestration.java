package io.buttress.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.sun.management.GarbageCollectionNotificationInfo;
import io.buttress.encoding.HandOver;
import io.buttress.study.StudyProgress;
import io.buttress.study.StudyResult;
import io.buttress.worker.Queue;
import io.buttress.worker.Services;
import io.buttress.worker.StudyWorker;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.workflow.v1.WorkflowExecutionInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryReverseRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowStub;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;
import org.slf4j.LoggerFactory;

/**
 * Orchestrates a study whose activities return at once, on a real Temporal server.
 *
 * <p>Arguments: trials, maxParallelTrials, a folder for the server's database.
 */
public final class Orchestration {
  private static final int MOST_EVENTS = 20_000;
  private static final long MOST_BYTES = 20_000_000;
  private static final double LONGEST_ANSWER = 100;
  private static final int PARTS = 10;
  private static final int WARM_UP = 60;

  /** One takes one trial at a time. */
  private static final int TRAINING_WORKERS = 4;

  private static final Duration LIMIT = Duration.ofHours(2);

  private Orchestration() {}

  /** Ends the process whatever happens: workers and clients have threads of their own. */
  public static void main(String[] arguments) {
    try {
      System.exit(measure(arguments) ? 0 : 1);
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static boolean measure(String[] arguments) throws Exception {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    int trials = Integer.parseInt(arguments[0]);
    int parallel = Integer.parseInt(arguments[1]);
    int port = freePort();
    Process server = server(port, Path.of(arguments[2]));
    Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
    StudyWorker.start(client(port), stubs(), EnumSet.of(Queue.STUDIES));
    for (int i = 0; i < TRAINING_WORKERS; i++) {
      StudyWorker.start(client(port), stubs(), EnumSet.of(Queue.CPU, Queue.GPU));
    }
    // Nobody asks a program that has just started: its classes are loaded and compiled first.
    run("warm-up", client(port), client(port), WARM_UP, parallel);
    return run("study", client(port), client(port), trials, parallel).report();
  }

  private static Measured run(
      String id, WorkflowClient starter, WorkflowClient watcher, int trials, int parallel)
      throws Exception {
    Map<String, Object> study =
        Map.of(
            "name", id,
            "tasks", List.of("sample:sentiment"),
            "methods", List.of(Map.of("id", "stl"), Map.of("id", "repina-i")),
            "seeds", IntStream.rangeClosed(1, Math.max(1, trials / 2)).boxed().toList(),
            "execution", Map.of("maxParallelTrials", parallel));
    Heap heap = new Heap();
    List<Double> answers = new ArrayList<>();
    List<Double> descriptions = new ArrayList<>();
    List<Long> heaps = new ArrayList<>();
    long start = System.nanoTime();
    WorkflowStub stub = Temporal.start(starter, id, study);
    CompletableFuture<StudyResult> ended = stub.getResultAsync(StudyResult.class);
    while (!ended.isDone()) {
      if (System.nanoTime() - start > LIMIT.toNanos()) {
        throw new TimeoutException("the study takes more than " + LIMIT);
      }
      long asked = System.nanoTime();
      StudyProgress progress =
          watcher.newUntypedWorkflowStub(id).query("progress", StudyProgress.class);
      long answered = System.nanoTime();
      answers.add((answered - asked) / 1e6);
      watcher.newUntypedWorkflowStub(id).describe();
      descriptions.add((System.nanoTime() - answered) / 1e6);
      System.err.printf("\r%d of %d ", progress.done(), progress.planned());
      if (progress.planned() > 0 && progress.done() * PARTS / progress.planned() > heaps.size()) {
        heaps.add(heap.least());
      }
      wait(ended, asked);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.err.println();
    return new Measured(
        parallel,
        ended.get(),
        seconds,
        runs(starter, stub.getExecution()),
        answers,
        descriptions,
        heaps);
  }

  /**
   * What came of a study; times in milliseconds.
   *
   * @param descriptions how long the server alone took, which asks no worker
   */
  private record Measured(
      int parallel,
      StudyResult result,
      double seconds,
      List<WorkflowExecutionInfo> runs,
      List<Double> answers,
      List<Double> descriptions,
      List<Long> heaps) {

    /** Prints the table; false when a bound is broken. */
    boolean report() {
      long events =
          runs.stream().mapToLong(WorkflowExecutionInfo::getHistoryLength).max().orElseThrow();
      long bytes =
          runs.stream().mapToLong(WorkflowExecutionInfo::getHistorySizeBytes).max().orElseThrow();
      double slowest = Collections.max(answers);
      System.out.printf(
          "%d trials, %d at once, %d cores, load %.0f, %d MB heap at most%n%n",
          result.planned(),
          parallel,
          Runtime.getRuntime().availableProcessors(),
          ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
          Runtime.getRuntime().maxMemory() >> 20);
      System.out.println("| | measured | allowed |");
      System.out.println("| --- | ---: | ---: |");
      row("trials done", result.done(), result.planned());
      row("time, s", "%.0f".formatted(seconds), "");
      row("trials/s", "%.1f".formatted(result.done() / seconds), "");
      row("runs of the study's workflow", runs.size(), "");
      row("largest history, events", events, "< " + MOST_EVENTS);
      row("largest history, MB", "%.1f".formatted(bytes / 1e6), "< " + MOST_BYTES / 1_000_000);
      row("progress, times asked", answers.size(), "");
      row("progress, ms: median, p99", quantiles(answers), "");
      row("progress, ms: longest", "%.0f".formatted(slowest), "< %.0f".formatted(LONGEST_ANSWER));
      row("server alone, ms: median, p99", quantiles(descriptions), "");
      row(
          "heap after GC, MB, by tenth of the study",
          heaps.stream().map(used -> Long.toString(used >> 20)).collect(Collectors.joining(" ")),
          "");
      return result.done() == result.planned()
          && events < MOST_EVENTS
          && bytes < MOST_BYTES
          && slowest < LONGEST_ANSWER;
    }

    private static void row(String name, Object measured, Object allowed) {
      System.out.printf("| %s | %s | %s |%n", name, measured, allowed);
    }

    private static String quantiles(List<Double> values) {
      return "%.0f, %.0f".formatted(Quantiles.median(values), Quantiles.of(values, 0.99));
    }
  }

  /** Until the study has ended, but not for longer than a second since {@code asked}. */
  private static void wait(CompletableFuture<?> ended, long asked)
      throws InterruptedException, ExecutionException {
    try {
      ended.get(asked + 1_000_000_000L - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // It goes on.
    }
  }

  /** All runs of a workflow, the first one first. */
  private static List<WorkflowExecutionInfo> runs(WorkflowClient client, WorkflowExecution first) {
    var service = client.getWorkflowServiceStubs().blockingStub();
    String namespace = client.getOptions().getNamespace();
    List<WorkflowExecutionInfo> runs = new ArrayList<>();
    for (WorkflowExecution run = first; !run.getRunId().isEmpty(); ) {
      runs.add(
          service
              .describeWorkflowExecution(
                  DescribeWorkflowExecutionRequest.newBuilder()
                      .setNamespace(namespace)
                      .setExecution(run)
                      .build())
              .getWorkflowExecutionInfo());
      HistoryEvent last =
          service
              .getWorkflowExecutionHistoryReverse(
                  GetWorkflowExecutionHistoryReverseRequest.newBuilder()
                      .setNamespace(namespace)
                      .setExecution(run)
                      .setMaximumPageSize(1)
                      .build())
              .getHistory()
              .getEvents(0);
      run =
          run.toBuilder()
              .setRunId(
                  last.getWorkflowExecutionContinuedAsNewEventAttributes().getNewExecutionRunId())
              .build();
    }
    return runs;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static Process server(int port, Path folder) throws IOException {
    return new ProcessBuilder(
            "temporal",
            "server",
            "start-dev",
            "--headless",
            "--log-level",
            "error",
            "--ip",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--db-filename",
            folder.resolve("temporal.db").toString())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("temporal.log").toFile())
        .start();
  }

  private static WorkflowClient client(int port) {
    return Temporal.client("127.0.0.1:" + port);
  }

  private static Services stubs() {
    Object[] all = {new StubActivities()};
    return new Services(all, all, all, new HandOver());
  }

  /** What is left of this process's heap after garbage collections; none is forced. */
  private static final class Heap {
    private static final Set<String> POOLS =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(pool -> pool.getName())
            .collect(Collectors.toSet());

    private long least = Long.MAX_VALUE;

    Heap() {
      for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
        ((NotificationEmitter) collector)
            .addNotificationListener(
                (notification, handback) ->
                    note(
                        GarbageCollectionNotificationInfo.from(
                            (CompositeData) notification.getUserData())),
                null,
                null);
      }
    }

    private synchronized void note(GarbageCollectionNotificationInfo collection) {
      long used =
          collection.getGcInfo().getMemoryUsageAfterGc().entrySet().stream()
              .filter(pool -> POOLS.contains(pool.getKey()))
              .mapToLong(pool -> pool.getValue().getUsed())
              .sum();
      least = Math.min(least, used);
    }

    /** The least since the last call. */
    synchronized long least() {
      long before = least;
      least = Long.MAX_VALUE;
      return before == Long.MAX_VALUE ? 0 : before;
    }
  }
}
