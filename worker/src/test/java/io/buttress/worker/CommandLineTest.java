package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskCatalog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CommandLineTest {
  @TempDir private Path folder;
  private final StringWriter err = new StringWriter();

  @Test
  void validStudiesPass() throws Exception {
    Path study =
        study("{name: a, tasks: [\"sample:sentiment\"], methods: [{id: stl}], seeds: [1, 2]}");
    assertThat(execute("validate", study.toString())).isEqualTo(Exit.DONE);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void everyMethodIsListedWithItsParameters() {
    String listed = "\n" + printed("methods");
    MethodCatalog.entries()
        .forEach(
            method -> {
              assertThat(listed).contains("\n" + method.id() + " ");
              method
                  .parameters()
                  .forEach(parameter -> assertThat(listed).contains("  " + parameter.name() + " "));
            });
  }

  @Test
  void tasksAreListedAndShownInFull() {
    List<String> lines = printed("tasks").lines().toList();
    TaskCatalog.builtIn()
        .entries()
        .forEach(
            entry ->
                assertThat(lines)
                    .filteredOn(line -> line.startsWith(entry.spec().id() + " "))
                    .hasSize(1));
    assertThat(lines)
        .anyMatch(line -> line.startsWith("hans ") && line.contains("distribution for mnli"))
        .anyMatch(line -> line.startsWith("stsb ") && line.contains("pearson, spearman"))
        .anyMatch(line -> line.startsWith("* not verified"));
    assertThat(printed("tasks", "mrpc"))
        .contains("#1 String, #2 String", "sentence1, sentence2")
        .contains("nyu-mll/glue", "mrpc/train-00000-of-00001.parquet", "Dolan and Brockett 2005")
        .containsPattern("verified +no");
    assertThat(execute("tasks", "nope")).isEqualTo(Exit.USAGE);
    assertThat(err.toString()).contains("no task nope");
  }

  @Test
  void validateCountsRefits() throws Exception {
    Path study =
        study(
            "{name: a, tasks: [\"sample:sentiment\"], selection: {fraction: 0.1}, seeds: [1, 2],"
                + " methods: [{id: stl}, {id: repina-i, lambda: [0.1, 1]}]}");
    assertThat(printed("validate", study.toString()))
        .startsWith("a: 6 trials = ")
        .contains(" 2 seeds, then up to 4 refits of the chosen settings");
  }

  @Test
  void validateCountsSnapshotsAndEstimatesFromWhatWasMeasured() throws Exception {
    Path study =
        study(
            "{name: a, tasks: [\"sample:sentiment\", \"sample:entailment\"], seeds: [1, 2],"
                + " methods: [{id: stl}, {id: repina-i, lambda: [0.1, 1]}]}");
    assertThat(printed("validate", study.toString()))
        .contains("4 distinct snapshots")
        .contains("not estimated, because its size is not known: sample:sentiment")
        .doesNotContain("hours");
    assertThat(printed("validate", "--trial-seconds", "600", study.toString()))
        .contains("about 2.0 GPU hours", "0.5 hours with 4 at once");
    assertThat(execute("validate", "--trial-seconds", "0", study.toString())).isEqualTo(Exit.USAGE);
  }

  @Test
  void thePaperScaleStudyIsValid() {
    assertThat(printed("validate", Path.of("../docs/studies/paper.json").toString()))
        .contains(" x 13 tasks x ", " x 5 seeds", "at most about ", " GPU hours")
        .doesNotContain("left out");
  }

  @Test
  void validateSaysWhatIsLeftOut() throws Exception {
    Path study =
        study(
            "{name: a, tasks: [\"sample:sentiment\", {id: stsb, train: \"file:/t.tsv\","
                + " validation: \"file:/v.tsv\"}], methods: [{id: stl}, {id: r3f}, {id: r4f}]}");
    assertThat(printed("validate", study.toString()))
        .contains("a: 4 trials")
        .contains("left out: r3f, r4f on stsb");
  }

  @Test
  void everyProblemIsALine() throws Exception {
    Path study =
        study("{name: a, tasks: [nope], methods: [{id: repina-i, lambda: -1}], seeds: []}");
    assertThat(execute("validate", study.toString())).isEqualTo(Exit.USAGE);
    assertThat(err.toString().lines())
        .hasSize(3)
        .anyMatch(line -> line.startsWith("buttress: tasks[0]: "))
        .anyMatch(line -> line.startsWith("buttress: methods[0].lambda: "))
        .anyMatch(line -> line.startsWith("buttress: seeds: "));
  }

  @Test
  void aStudyThatIsNotThereIsNamed() {
    String path = folder.resolve("none.yaml").toString();
    assertThat(execute("validate", path)).isEqualTo(Exit.USAGE);
    assertThat(err.toString().lines()).singleElement().asString().contains(path);
  }

  @Test
  void yamlThatIsNoneIsALine() throws Exception {
    assertThat(execute("validate", study("{a: [").toString())).isEqualTo(Exit.USAGE);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void missingMlflowIsAServiceThatFailed() throws Exception {
    Path study = study("{name: a, tasks: [\"sample:sentiment\"], methods: [{id: stl}]}");
    assertThat(execute("local", study.toString())).isEqualTo(Exit.SERVICE);
    assertThat(err.toString().lines()).singleElement().asString().contains("--no-mlflow");
    assertThat(Path.of("a-report")).doesNotExist();
  }

  @Test
  void aWorkerWithoutTemporalSaysWhichSettingToLookAt() {
    assertThat(execute("worker")).isEqualTo(Exit.SERVICE);
    assertThat(err.toString().lines()).singleElement().asString().contains("TEMPORAL_ADDRESS");
  }

  @Test
  void aCheckNamesTheFirstSettingThatDoesNotWork() {
    assertThat(execute("check")).isEqualTo(Exit.SERVICE);
    assertThat(err.toString().lines()).singleElement().asString().contains("TEMPORAL_ADDRESS");
  }

  @Test
  void pruneRemovesWhatIsOldEnoughFromTheEmbeddedStoreAndSaysHowMuch() throws Exception {
    Path blobs = Files.createDirectories(folder.resolve("home/store/blobs"));
    Path loose = Files.writeString(blobs.resolve("a".repeat(64)), "12345");
    Path staging = Files.createDirectories(folder.resolve("home/store/.incoming"));
    Path half = Files.writeString(staging.resolve("half"), "123");
    for (Path file : List.of(loose, half)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(30))));
    }

    assertThat(printed("prune", "--older-than", "2d")).contains("0 blobs", "0 half-written");
    assertThat(printed("prune", "--dry-run"))
        .contains(folder.resolve("home/store").toString())
        .contains("1 blobs that no ref names, 5 bytes")
        .contains("1 half-written files, 3 bytes");
    assertThat(loose).exists();
    assertThat(half).exists();
    assertThat(printed("prune")).contains("1 blobs that no ref names, 5 bytes");
    assertThat(loose).doesNotExist();
    assertThat(half).doesNotExist();
  }

  @Test
  void pruneWaitsForNoOtherRunOfTheHome() throws Exception {
    try (HomeLock lock = HomeLock.acquire(folder.resolve("home"))) {
      assertThat(execute("prune")).isEqualTo(Exit.SERVICE);
    }
    assertThat(err.toString().lines()).singleElement().asString().contains("in use");
  }

  @Test
  void pruneOfABucketThatCannotBeReachedIsALine() {
    CommandLine prune =
        commandLine(Map.of("BUTTRESS_BUCKET", "b", "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"));
    assertThat(prune.execute("prune")).isEqualTo(Exit.SERVICE);
    assertThat(err.toString().lines()).singleElement().asString().contains("TEMPORAL_ADDRESS");
  }

  @Test
  void anAgeThatIsNoneIsAUsageError() {
    assertThat(execute("prune", "--older-than", "yesterday")).isEqualTo(Exit.USAGE);
    assertThat(err.toString()).contains("--older-than").contains("7d");
  }

  @Test
  void unknownCommandsAndQueuesAreUsageErrors() {
    assertThat(execute("nope")).isEqualTo(Exit.USAGE);
    assertThat(execute("worker", "--queues", "nope")).isEqualTo(Exit.USAGE);
  }

  @Test
  void helpExplainsExitCodes() {
    assertThat(commandLine().getUsageMessage())
        .contains("130")
        .contains("local")
        .contains("worker");
  }

  private Path study(String yaml) throws Exception {
    return Files.writeString(folder.resolve("study.yaml"), yaml);
  }

  private int execute(String... arguments) {
    return commandLine().execute(arguments);
  }

  private String printed(String... arguments) {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true));
    try {
      assertThat(execute(arguments)).isEqualTo(Exit.DONE);
    } finally {
      System.setOut(before);
    }
    return out.toString();
  }

  private CommandLine commandLine() {
    return commandLine(Map.of());
  }

  private CommandLine commandLine(Map<String, String> more) {
    Map<String, String> variables = new HashMap<>(more);
    variables.put("BUTTRESS_HOME", folder.resolve("home").toString());
    // A port where nobody listens.
    variables.put("TEMPORAL_ADDRESS", "127.0.0.1:1");
    return Buttress.commandLine(new Environment(variables), folder.resolve("log"))
        .setErr(new PrintWriter(err, true));
  }
}
