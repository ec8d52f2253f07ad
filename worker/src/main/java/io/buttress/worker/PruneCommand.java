package io.buttress.worker;

import io.buttress.result.BestModels;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.Prune;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Removes from the store what nothing needs any more. */
@Command(
    name = "prune",
    description = {
      "Removes what nothing needs any more: blobs that no ref names, checkpoints of trials that do",
      "not run, models that no study keeps, files that killed processes left half-written.",
      "From the bucket when BUTTRESS_BUCKET is set (also needs AWS_* and TEMPORAL_ADDRESS), else from",
      "the embedded store below BUTTRESS_HOME. Studies may run meanwhile on the bucket."
    },
    mixinStandardHelpOptions = true)
final class PruneCommand implements Callable<Integer> {
  private final Environment environment;

  @Option(names = "--dry-run", description = "Only say what would be removed.")
  private boolean dryRun;

  @Option(
      names = "--older-than",
      paramLabel = "AGE",
      defaultValue = "24h",
      converter = Age.class,
      description =
          "Leave what is younger, such as 12h or 7d (default: ${DEFAULT-VALUE}): an upload that is"
              + " not finished looks as if nothing needed it.")
  private Duration age;

  PruneCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    try {
      if (environment.get("BUTTRESS_BUCKET").isPresent()) {
        bucket();
      } else {
        embedded();
      }
      return Exit.DONE;
    } catch (IOException e) {
      throw new ServiceException(e.getMessage(), e);
    }
  }

  private void bucket() throws ServiceException, IOException {
    WorkflowClient temporal = Connections.temporal(environment);
    try (ObjectStore objects = Connections.artifacts(environment).objects()) {
      Set<String> running = new StudyClient(temporal).runningTrials();
      prune(
          "the bucket " + environment.require("BUTTRESS_BUCKET", "a bucket that exists"),
          objects,
          fingerprint -> running.stream().anyMatch(fingerprint::startsWith));
    } finally {
      temporal.getWorkflowServiceStubs().shutdownNow();
    }
  }

  private void embedded() throws ServiceException, IOException {
    Path home = environment.home();
    Path root = home.resolve("store");
    // No embedded study runs while we hold the lock.
    try (HomeLock lock = HomeLock.acquire(home);
        ObjectStore objects = DirectoryObjectStore.asItIs(root)) {
      prune("the embedded store " + root, objects, fingerprint -> false);
    }
  }

  private void prune(String store, ObjectStore objects, Predicate<String> running)
      throws IOException {
    System.out.println((dryRun ? "would remove from " : "removing from ") + store + ":");
    Prune prune = new Prune(objects, Instant.now().minus(age), dryRun);
    print("blobs that no ref names", prune.blobs());
    print("checkpoint files of trials that do not run", prune.checkpoints(running));
    print(
        "files of models that no study keeps",
        prune.models(running, new BestModels(objects).trained()));
    print("half-written files", prune.unfinished());
  }

  private static void print(String kind, Prune.Removed removed) {
    System.out.printf("%8d %s, %d bytes%n", removed.objects(), kind, removed.bytes());
  }

  /** A time such as {@code 30m}, {@code 24h} or {@code 7d}. */
  static final class Age implements ITypeConverter<Duration> {
    private static final Pattern AGE = Pattern.compile("(\\d{1,6})([smhd])");
    private static final Map<String, Duration> UNITS =
        Map.of(
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1));

    @Override
    public Duration convert(String text) {
      Matcher age = AGE.matcher(text);
      if (!age.matches()) {
        throw new TypeConversionException(
            "must be a time such as 30m, 24h or 7d, not '" + text + "'");
      }
      return UNITS.get(age.group(2)).multipliedBy(Long.parseLong(age.group(1)));
    }
  }
}
