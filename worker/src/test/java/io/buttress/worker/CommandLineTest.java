package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.MethodCatalog;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
    Environment environment =
        new Environment(
            Map.of(
                "BUTTRESS_HOME",
                folder.resolve("home").toString(),
                // A port where nobody listens.
                "TEMPORAL_ADDRESS",
                "127.0.0.1:1"));
    return Buttress.commandLine(environment, folder.resolve("log"))
        .setErr(new PrintWriter(err, true));
  }
}
