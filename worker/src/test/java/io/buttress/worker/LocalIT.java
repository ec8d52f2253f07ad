package io.buttress.worker;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The built program, run as a user runs it, without servers and without Python. */
final class LocalIT {
  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws Exception {
    model = TinyModel.write(folder.resolve("model"));
  }

  @Test
  void runsAStudyAndReusesItsWork() throws Exception {
    Path study = study("{id: stl}, {id: repina-i, lambda: 0.1}");
    Files.writeString(
        study, "collapse: {probes: [\"sample:entailment\"]}\n", StandardOpenOption.APPEND);
    Path out = folder.resolve("report");

    Run first = local(study, out);
    assertThat(first.exit()).as(first.output()).isEqualTo(Exit.DONE);
    JsonNode report = Json.MAPPER.readTree(out.resolve("report.json").toFile());
    assertThat(report.path("trials")).hasSize(4);
    for (JsonNode trial : report.path("trials")) {
      assertThat(trial.path("status").asText()).isEqualTo("done");
      assertThat(trial.path("validation").path("accuracy").isNumber()).isTrue();
      assertThat(trial.path("collapse").path("finetuned").path("effective_rank").isNumber())
          .isTrue();
      for (String encoder : List.of("pretrained", "finetuned", "random")) {
        assertThat(trial.path("collapse").path(encoder).path("probes.sample:entailment").asDouble())
            .as(encoder)
            .isBetween(0.01, 1.0);
      }
      assertThat(Path.of(java.net.URI.create(trial.path("modelUri").asText())))
          .isDirectoryContaining("glob:**model.safetensors");
    }
    assertThat(out.resolve("report.html")).content().contains("<h3>Probing</h3>");

    Run second = local(study, out);
    assertThat(second.exit()).as(second.output()).isEqualTo(Exit.DONE);
    // Training again would give another duration.
    assertThat(Json.MAPPER.readTree(out.resolve("report.json").toFile())).isEqualTo(report);
  }

  @Test
  void keepsTheModelOfTheBestTrialOfEachMethodAlsoWhenASeedIsAdded() throws Exception {
    Path study = study("{id: stl}, {id: repina-i, lambda: [0.01, 1]}");
    String text = Files.readString(study) + "execution: {keepModels: best}\n";
    Path out = folder.resolve("report");
    for (String seeds : List.of("[1, 2]", "[1, 2]", "[1, 2, 3]")) {
      Files.writeString(study, text.replace("[1, 2]", seeds));
      Run run = local(study, out);
      assertThat(run.exit()).as(run.output()).isEqualTo(Exit.DONE);
      assertThatTheBestHaveTheirModels(
          Json.MAPPER.readTree(out.resolve("report.json").toFile()).path("trials"));
    }
    try (Stream<Path> files = Files.walk(folder.resolve("home/store"))) {
      assertThat(files.filter(file -> file.endsWith("model.safetensors")))
          .as("of two studies with two groups: what was trained, and what each shows")
          .hasSizeLessThanOrEqualTo(2 * 2 + 2 * 2);
    }
  }

  private static void assertThatTheBestHaveTheirModels(JsonNode trials) {
    Map<String, Double> best = new HashMap<>();
    for (JsonNode trial : trials) {
      best.merge(
          trial.path("method").asText(), trial.at("/validation/accuracy").asDouble(), Math::max);
    }
    Map<String, Integer> kept = new HashMap<>();
    for (JsonNode trial : trials) {
      String method = trial.path("method").asText();
      if (!trial.path("modelUri").isNull()) {
        kept.merge(method, 1, Integer::sum);
        assertThat(trial.at("/validation/accuracy").asDouble()).isEqualTo(best.get(method));
        assertThat(Path.of(java.net.URI.create(trial.path("modelUri").asText())))
            .isDirectoryContaining("glob:**model.safetensors");
      }
    }
    assertThat(kept).isEqualTo(Map.of("stl", 1, "repina-i", 1));
  }

  @Test
  void choosesASettingAndTrainsItAgain() throws Exception {
    Path study = study("{id: stl}, {id: repina-i, lambda: [0.01, 1]}");
    Files.writeString(study, "selection: {fraction: 0.25}\n", StandardOpenOption.APPEND);
    Path out = folder.resolve("report");

    Run run = local(study, out);
    assertThat(run.exit()).as(run.output()).isEqualTo(Exit.DONE);
    JsonNode report = Json.MAPPER.readTree(out.resolve("report.json").toFile());
    assertThat(report.path("trials")).hasSize(6 + 4);
    for (JsonNode trial : report.path("trials")) {
      boolean refit = trial.path("selected").booleanValue();
      assertThat(trial.path("status").asText()).isEqualTo("done");
      assertThat(trial.path("selection").isNull()).isEqualTo(refit);
      assertThat(trial.at("/selection/accuracy").isNumber()).isEqualTo(!refit);
    }
    assertThat(report.at("/tables/comparisons/0/methods").findValuesAsText("method"))
        .containsExactly("stl", "repina-i");
    assertThat(run.output()).contains("10 of 10 trials ended");
  }

  @Test
  void stopsEarlyAndReportsTheChosenTrials() throws Exception {
    Path study = study("{id: repina-i, lambda: [0.01, 1]}");
    Files.writeString(
        study,
        Files.readString(study).replace("steps: 20", "steps: 400, patience: 2, evaluateEvery: 5")
            + "selection: {fraction: 0.25}\n");
    Path out = folder.resolve("report");

    Run run = local(study, out);
    assertThat(run.exit()).as(run.output()).isEqualTo(Exit.DONE);
    JsonNode report = Json.MAPPER.readTree(out.resolve("report.json").toFile());
    assertThat(report.path("trials")).hasSize(4);
    assertThat(report.path("trials").findValuesAsText("selected"))
        .containsOnly("true", "false")
        .filteredOn("true"::equals)
        .hasSize(2);
    for (JsonNode trial : report.path("trials")) {
      assertThat(trial.path("steps").asInt() % 5).isZero();
      assertThat(trial.path("steps").asInt()).isLessThan(400);
    }
  }

  @Test
  void killedAndStartedAgainGoesOnToTheSameReport() throws Exception {
    Path study = longStudy("{id: stl}, {id: repina-mlp, lambda: 0.1}", 1000);
    Path out = folder.resolve("report");
    Path home = folder.resolve("home");
    Random random = new Random(1);
    int kills = 0;
    boolean killed;
    try (ObjectStore store = new DirectoryObjectStore(home.resolve("store"))) {
      do {
        Set<String> before = Set.copyOf(store.list("checkpoints/"));
        try (WorkerProcess process = start(study, out)) {
          // The first one dies somewhere, the others when they have left a checkpoint.
          while (kills > 0 && process.alive() && before.containsAll(manifests(store))) {
            Thread.sleep(20);
          }
          Thread.sleep(random.nextInt(2000));
          killed = kills < 5 && process.alive();
          if (killed) {
            process.kill();
            kills++;
          } else {
            assertThat(process.await()).as(process.output()).isEqualTo(Exit.DONE);
          }
        }
      } while (killed);
      assertThat(store.list("checkpoints/")).isEmpty();
    }

    assertThat(kills).isGreaterThan(1);
    assertThat(home.resolve("logs/buttress.log")).content().contains("going on from step");
    Undisturbed.run(StudyFile.read(study).tree(), folder.resolve("undisturbed"))
        .assertSameReport(Json.MAPPER.readTree(out.resolve("report.json").toFile()));
  }

  /** Of whole checkpoints. */
  private static List<String> manifests(ObjectStore store) throws IOException {
    return store.list("checkpoints/").stream().filter(key -> key.endsWith(".json")).toList();
  }

  @Test
  void goesOnFromWhereItWasStopped() throws Exception {
    Path study = longStudy("{id: stl}", 3000);
    Path out = folder.resolve("report");
    try (WorkerProcess process = start(study, out);
        ObjectStore store = new DirectoryObjectStore(folder.resolve("home").resolve("store"))) {
      List<String> periodic = awaitCheckpoint(store, process);
      assertThat(process.terminate()).isEqualTo(128 + 15);
      List<String> left = store.list("checkpoints/");
      assertThat(left).as("one more").hasSizeGreaterThan(periodic.size());

      Run run = local(study, out);
      assertThat(run.exit()).as(run.output()).isEqualTo(Exit.DONE);
      String newest = left.stream().filter(key -> key.endsWith(".json")).max(BY_STEP).orElseThrow();
      assertThat(folder.resolve("home").resolve("logs").resolve("buttress.log"))
          .content()
          .contains("going on from step " + step(newest) + " ");
      assertThat(store.list("checkpoints/")).isEmpty();
    }
  }

  private static final Comparator<String> BY_STEP = Comparator.comparingInt(LocalIT::step);

  private static int step(String checkpoint) {
    return Integer.parseInt(checkpoint.replaceAll(".*/|[.].*", ""));
  }

  /** The first whole one. */
  private static List<String> awaitCheckpoint(ObjectStore store, WorkerProcess process)
      throws Exception {
    while (true) {
      List<String> keys = store.list("checkpoints/");
      if (keys.stream().anyMatch(key -> key.endsWith(".json"))) {
        return keys;
      }
      assertThat(process.alive()).as(process.output()).isTrue();
      Thread.sleep(50);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "methods: [{id: stl, lamda: 1}]          | methods[0].lamda",
        "methods: [{id: repina-i, lambda: -1}]   | methods[0].lambda",
        "tasks: [\"no-such-task\"]               | tasks[0]",
        "tasks: [{id: rte, train: file:no.tsv, validation: file:study.yaml, format: tsv}] | tasks[0].train",
      })
  void refusesABadStudyInALine(String change, String path) throws Exception {
    String field = change.substring(0, change.indexOf(':'));
    String text =
        Files.readString(study("{id: stl}"))
            .lines()
            .map(line -> line.startsWith(field + ":") ? change : line)
            .reduce("", (a, b) -> a + b + "\n");
    Path bad = Files.writeString(folder.resolve("bad.yaml"), text);
    refused(bad, path);
  }

  @Test
  void refusesARaggedRowNamingFileAndLine() throws Exception {
    Files.writeString(folder.resolve("train.tsv"), "sentence\tlabel\na good\tpos\nragged\n");
    Files.writeString(folder.resolve("dev.tsv"), "sentence\tlabel\na good\tpos\nbad\tneg\n");
    refused(own(), "train.tsv:3");
  }

  @Test
  void refusesALabelOutsideTheSet() throws Exception {
    Files.writeString(folder.resolve("train.tsv"), "sentence\tlabel\na good\tpos\nbad\tneg\n");
    Files.writeString(folder.resolve("dev.tsv"), "sentence\tlabel\na good\tpos\nbad\tother\n");
    refused(own(), "dev.tsv:3");
  }

  @Test
  void refusesAModelWithoutSafetensors() throws Exception {
    Files.move(model.resolve("model.safetensors"), model.resolve("pytorch_model.bin"));
    refused(study("{id: stl}"), "models[0]");
  }

  @Test
  void refusesACorruptModel() throws Exception {
    byte[] whole = Files.readAllBytes(model.resolve("model.safetensors"));
    Files.write(
        model.resolve("model.safetensors"), java.util.Arrays.copyOf(whole, whole.length / 2));
    refused(study("{id: stl}"), "model.safetensors");
  }

  /** Exit code 2, a line that names the place, no stack trace, nothing written. */
  private void refused(Path study, String place) throws Exception {
    Path out = folder.resolve("refused");
    Run run = local(study, out);
    assertThat(run.exit()).as(run.output()).isEqualTo(Exit.USAGE);
    assertThat(run.output().lines().filter(line -> line.startsWith("buttress: ")))
        .singleElement()
        .asString()
        .contains(place);
    assertThat(run.output()).doesNotContain("\tat ").doesNotContain("Exception");
    assertThat(out).doesNotExist();
  }

  private Path own() throws Exception {
    String text =
        Files.readString(study("{id: stl}"))
            .replaceFirst(
                "tasks: .*",
                "tasks: [{id: own, train: file:train.tsv, validation: file:dev.tsv,"
                    + " text: [sentence], label: label, labels: [pos, neg]}]");
    return Files.writeString(folder.resolve("own.yaml"), text);
  }

  /** With a checkpoint every second. */
  private Path longStudy(String methods, int steps) throws Exception {
    Path study = study(methods);
    return Files.writeString(
        study,
        Files.readString(study).replace("steps: 20", "steps: " + steps)
            + "execution: {checkpointEvery: 1s}\n");
  }

  /** None of them is like a task of the catalogue; each has what has broken others' readers. */
  @Test
  void runsTasksThatAreGivenOnlyAsFiles() throws Exception {
    Path data = Files.createDirectories(folder.resolve("data"));
    Map<String, IntFunction<String>> files = new TreeMap<>();
    files.put(
        "many.jsonl",
        i ->
            "{\"meta\": {\"ids\": [%d, {\"a\": null}]}, \"said\": {\"text\": \"word %d\"}, \"intent\": \"class %d\"}"
                .formatted(i, i % 40, i % 40));
    files.put("headless.tsv", i -> "source\t" + i % 2 + "\t*\tA \"sentence\" no " + i);
    files.put(
        "slashes.csv",
        i ->
            i == 0
                ? "body,kind"
                : "\"a, b\n" + i + "\"," + List.of("n/a", "in favour / yes").get(i % 2));
    files.put("long.tsv", i -> i == 0 ? "text\tlabel" : "word ".repeat(20_000) + "\t" + i % 2);
    for (Map.Entry<String, IntFunction<String>> file : files.entrySet()) {
      for (String split : List.of("train", "dev")) {
        int rows = file.getKey().startsWith("long") ? 9 : 81;
        Files.writeString(
            data.resolve(split + "-" + file.getKey()),
            IntStream.range(0, rows).mapToObj(file.getValue()).collect(joining("\n", "", "\n")));
      }
    }
    Path study =
        Files.writeString(
            folder.resolve("files.yaml"),
            """
            name: files
            models: ["%s"]
            tasks:
              - {id: many, train: "file:data/train-many.jsonl", validation: "file:data/dev-many.jsonl",
                 text: said.text, label: intent, metric: macro_f1}
              - {id: headless, train: "file:data/train-headless.tsv",
                 validation: "file:data/dev-headless.tsv", columns: [source, label, note, sentence],
                 text: sentence, label: label, metric: matthews}
              - {id: slashes, train: "file:data/train-slashes.csv",
                 validation: "file:data/dev-slashes.csv", text: body, label: kind, metric: f1}
              - {id: long, train: "file:data/train-long.tsv", validation: "file:data/dev-long.tsv",
                 text: text, label: label}
            methods: [{id: repina-i}]
            training: {steps: 20, batchSize: 8, learningRate: 1e-3, maxLength: 32}
            """
                .formatted(model.toUri()));
    Path out = folder.resolve("report");

    Run run = local(study, out);
    assertThat(run.exit()).as(run.output()).isEqualTo(Exit.DONE);
    JsonNode report = Json.MAPPER.readTree(out.resolve("report.json").toFile());
    Map<String, String> metrics =
        Map.of("many", "macro_f1", "headless", "matthews", "slashes", "f1", "long", "accuracy");
    assertThat(report.path("trials").findValuesAsText("task"))
        .containsExactlyInAnyOrderElementsOf(metrics.keySet());
    for (JsonNode trial : report.path("trials")) {
      String metric = metrics.get(trial.path("task").asText());
      assertThat(trial.path("status").asText()).as(run.output()).isEqualTo("done");
      assertThat(trial.path("validation").path(metric).isNumber()).as(metric).isTrue();
    }
    assertThat(out.resolve("report.html")).isNotEmptyFile();
  }

  private Path study(String methods) throws Exception {
    return Files.writeString(
        folder.resolve("study.yaml"),
        """
        name: it
        models: ["%s"]
        tasks: ["sample:sentiment"]
        methods: [%s]
        seeds: [1, 2]
        training: {steps: 20, batchSize: 8, learningRate: 1e-3, maxLength: 32}
        """
            .formatted(model.toUri(), methods));
  }

  private record Run(int exit, String output) {}

  private Run local(Path study, Path out) throws Exception {
    try (WorkerProcess process = start(study, out)) {
      int exit = process.await();
      return new Run(exit, process.output());
    }
  }

  private WorkerProcess start(Path study, Path out) throws IOException {
    return WorkerProcess.start(
        folder.resolve("log"),
        Map.of("BUTTRESS_HOME", folder.resolve("home").toString()),
        "local",
        study.toString(),
        "--no-mlflow",
        "--out",
        out.toString());
  }
}
