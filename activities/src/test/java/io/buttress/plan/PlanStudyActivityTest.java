package io.buttress.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.codahale.metrics.MetricRegistry;
import io.buttress.activity.Failures;
import io.buttress.activity.PlanStudy;
import io.buttress.source.FakeHub;
import io.buttress.source.Hub;
import io.buttress.source.HubAccess;
import io.buttress.source.Sources;
import io.buttress.stack.SettingNames;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.Prune;
import io.buttress.study.CollapseSpec;
import io.buttress.study.DataFile;
import io.buttress.study.Method;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.StudySpec;
import io.buttress.study.StudySpecBuilder;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trial;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestActivityEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanStudyActivityTest {
  @TempDir Path folder;
  private ArtifactStore store;
  private TestActivityEnvironment environment;
  private PlanStudy activity;
  private String model;

  @BeforeEach
  void start() throws IOException {
    store = Fixtures.store(folder);
    start(new PlanStudyActivity(store, Fixtures.sources(folder)));
    model = "file:" + Fixtures.model(folder.resolve("model"));
  }

  private void start(PlanStudyActivity implementation) {
    environment = TestActivityEnvironment.newInstance();
    environment.registerActivitiesImplementations(implementation);
    activity = environment.newActivityStub(PlanStudy.class);
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private String data(String name) throws IOException {
    return "file:" + Files.writeString(folder.resolve(name), "text\tlabel\n" + name + "\t1\n");
  }

  private String failure(StudySpec spec) {
    ActivityFailure failure =
        catchThrowableOfType(ActivityFailure.class, () -> activity.planStudy(spec));
    ApplicationFailure cause = (ApplicationFailure) failure.getCause();
    assertThat(cause.getType()).isEqualTo(Failures.INVALID_STUDY);
    assertThat(cause.isNonRetryable()).isTrue();
    return cause.getOriginalMessage();
  }

  private static StudySpec withSeeds(StudySpec spec, int seeds) {
    return StudySpecBuilder.from(spec).seeds(LongStream.range(0, seeds).boxed().toList()).build();
  }

  @Test
  void importsWhatTheStudyNamesAndKeepsThePlanInPages() throws IOException {
    TaskSpec base = Fixtures.task(data("train.tsv"), data("dev.tsv"));
    TaskSpec task =
        TaskSpecBuilder.from(base)
            .test(data("test.csv"))
            .outOfDistribution(
                List.of(
                    new OutOfDistribution(data("other.jsonl")),
                    new OutOfDistribution("sample:sentiment/train")))
            .build();
    StudySpec spec = withSeeds(Fixtures.study(List.of(model), List.of(task)), 250);

    PlanStudy.Plan plan = activity.planStudy(spec);
    assertThat(plan.trials()).isEqualTo(250);
    assertThat(plan.name()).isEqualTo("test");
    assertThat(plan.datasets()).hasSize(1);

    ResolvedTask resolved = plan.datasets().get(0).task();
    assertThat(resolved.splits())
        .containsOnlyKeys("train", "validation", "test", "ood:other", "ood:train");
    assertThat(resolved.splits().values())
        .extracting(DataFile::format)
        .containsExactly("jsonl", "tsv", "csv", "tsv", "tsv");
    assertThat(store.blob(resolved.splits().get("train").blob()))
        .hasContent("text\tlabel\ntrain.tsv\t1\n");
    Instant soon = Instant.now().plus(Duration.ofHours(1));
    assertThat(new Prune(store.objects(), soon, true).blobs().objects())
        .as("what a study needs is named, and not pruned")
        .isZero();
    Artifact imported = store.get(plan.datasets().get(0).model().key());
    assertThat(imported.files())
        .containsOnlyKeys("config.json", "model.safetensors", "tokenizer.json");

    List<Trial> all = activity.planPage(plan.planKey(), 0, 250);
    assertThat(all).extracting(Trial::seed).isEqualTo(spec.seeds());
    assertThat(all).extracting(Trial::fingerprint).doesNotHaveDuplicates();
    List<Trial> pieces = new ArrayList<>();
    for (int from = 0; from < 280; from += 70) {
      pieces.addAll(activity.planPage(plan.planKey(), from, 70));
    }
    assertThat(pieces).isEqualTo(all);
    assertThat(activity.planPage(plan.planKey(), 99, 2)).isEqualTo(all.subList(99, 101));
    assertThat(activity.planPage(plan.planKey(), 300, 100)).isEmpty();
  }

  @Test
  void equalContentGivesEqualPlansFromWhereverItComes() throws IOException {
    TaskSpec task = Fixtures.task(data("train.tsv"), data("dev.tsv"));
    PlanStudy.Plan first = activity.planStudy(Fixtures.study(List.of(model), List.of(task)));
    PlanStudy.Plan again = activity.planStudy(Fixtures.study(List.of(model), List.of(task)));
    assertThat(again).isEqualTo(first);

    Path copy = Files.createDirectories(folder.resolve("copy"));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(folder.resolve("model").resolve(name), copy.resolve(name));
    }
    StudySpec other = Fixtures.study(List.of("file:" + copy), List.of(task));
    assertThat(activity.planStudy(other).studyKey()).isEqualTo(first.studyKey());
    Files.writeString(copy.resolve("vocab.txt"), "[PAD]\n");
    assertThat(activity.planStudy(other).studyKey()).isNotEqualTo(first.studyKey());
  }

  @Test
  void listsEveryProblemAtItsPath() throws IOException {
    TaskSpec base = Fixtures.task("file:" + folder + "/none.tsv", data("dev.txt"));
    TaskSpec task =
        TaskSpecBuilder.from(base)
            .outOfDistribution(
                Stream.of(data("a.tsv"), "sample:x/train", data("a.csv"))
                    .map(OutOfDistribution::new)
                    .toList())
            .build();
    String[] problems =
        failure(Fixtures.study(List.of(model, "file:/none", "hf:org/none"), List.of(task)))
            .split("\n");
    assertThat(problems)
        .anySatisfy(p -> assertThat(p).isEqualTo("models[1]: file:/none does not exist"))
        .anySatisfy(p -> assertThat(p).startsWith("models[2]: hf:org/none is not in the local"))
        .anySatisfy(
            p ->
                assertThat(p)
                    .isEqualTo("tasks[0].train: file:" + folder + "/none.tsv does not exist"))
        .anySatisfy(p -> assertThat(p).startsWith("tasks[0].validation: ").contains("`format`"))
        .anySatisfy(p -> assertThat(p).startsWith("tasks[0].outOfDistribution[1]: sample:x/train"))
        .anySatisfy(p -> assertThat(p).startsWith("tasks[0].outOfDistribution[2]: another set"))
        .hasSize(6);
  }

  @Test
  void importsFromAHubAndPinsTheCommit() throws Exception {
    String commit = "c".repeat(40);
    try (FakeHub server = new FakeHub()) {
      FakeHub.Repository files = server.repository("models/org/tiny", commit);
      for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
        files.with(name, Files.readAllBytes(folder.resolve("model").resolve(name)));
      }
      server
          .repository("datasets/org/texts", commit)
          .with("train.tsv", "text\tlabel\na\t1\n")
          .with("sub/dev.jsonl", "{\"text\": \"b\", \"label\": \"1\"}\n");
      Hub hub =
          new Hub(
              new HubAccess(
                  server.endpoint(),
                  Optional.empty(),
                  folder.resolve("home"),
                  false,
                  SettingNames.HUB),
              new MetricRegistry());
      stop();
      start(
          new PlanStudyActivity(
              store,
              new Sources(
                  Fixtures.NO_FILES,
                  hub,
                  Fixtures.NO_BUCKETS,
                  folder.resolve("scratch"),
                  new MetricRegistry())));
      TaskSpec task =
          Fixtures.task(
              "hf:datasets/org/texts@v1/train.tsv", "hf:datasets/org/texts@v1/sub/dev.jsonl");

      PlanStudy.Plan plan =
          activity.planStudy(Fixtures.study(List.of("hf:org/tiny"), List.of(task)));

      ResolvedModel imported = plan.datasets().get(0).model();
      assertThat(imported.uri()).isEqualTo("hf:org/tiny");
      assertThat(imported.commit()).isEqualTo(commit);
      assertThat(store.get(imported.key()).files())
          .containsOnlyKeys("config.json", "model.safetensors", "tokenizer.json");
      SortedMap<String, DataFile> splits = plan.datasets().get(0).task().splits();
      assertThat(splits.get("train").uri())
          .isEqualTo("hf:datasets/org/texts@" + commit + "/train.tsv");
      assertThat(store.blob(splits.get("train").blob())).hasContent("text\tlabel\na\t1\n");
      assertThat(splits.get("validation").format()).isEqualTo("jsonl");
      assertThat(activity.planPage(plan.planKey(), 0, 1).get(0).dataset().model())
          .isEqualTo(imported);
      TaskSpec missing =
          Fixtures.task("hf:datasets/org/texts/none.tsv", "hf:datasets/org/none/dev.tsv");
      assertThat(failure(Fixtures.study(List.of("hf:org/none"), List.of(missing))).lines())
          .satisfiesExactly(
              line -> assertThat(line).startsWith("models[0]: hf:org/none is not at"),
              line -> assertThat(line).startsWith("tasks[0].train: ").contains("no file none.tsv"),
              line -> assertThat(line).startsWith("tasks[0].validation: ").contains("is not at"));
    }
  }

  @Test
  void tellsWhatItDownloadsAndForWhichFieldAHubFails() throws Exception {
    FakeHub server = new FakeHub();
    server.repository("datasets/org/texts", "c".repeat(40)).with("train.tsv", "text\tlabel\n");
    Hub hub =
        new Hub(
            new HubAccess(
                server.endpoint(),
                Optional.empty(),
                folder.resolve("home"),
                false,
                SettingNames.HUB),
            new MetricRegistry());
    StudyResolver resolver =
        new StudyResolver(
            store,
            new Sources(
                Fixtures.fileRoots(Path.of("/")),
                hub,
                Fixtures.NO_BUCKETS,
                folder.resolve("scratch"),
                new MetricRegistry()));
    String train = "hf:datasets/org/texts/train.tsv";
    StudySpec spec =
        Fixtures.study(List.of(model), List.of(Fixtures.task(train, "sample:sentiment/train")));
    List<String> progress = new ArrayList<>();
    resolver.resolve(spec, progress::add);
    assertThat(progress)
        .containsExactly(
            "models[0]",
            "tasks[0].train",
            "tasks[0].train: train.tsv 0 of 0 MB",
            "tasks[0].validation");

    server.close();
    StudySpec other = Fixtures.study(List.of("hf:org/tiny"), spec.tasks());
    assertThatIOException()
        .isThrownBy(() -> resolver.resolve(other, path -> {}))
        .withMessageStartingWith("models[0]: hf:org/tiny cannot be fetched from ")
        .withMessageContaining("HF_ENDPOINT");
  }

  @Test
  void refusesModelsThatCannotBeUsed() throws IOException {
    Path files = folder.resolve("model");
    TaskSpec task = Fixtures.task(data("train.tsv"), data("dev.tsv"));
    StudySpec spec = Fixtures.study(List.of(model), List.of(task));

    byte[] weights = Files.readAllBytes(files.resolve("model.safetensors"));
    Files.write(files.resolve("model.safetensors"), new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{'});
    assertThat(failure(spec)).startsWith("models[0]: " + model).contains("not a valid safetensors");

    Files.delete(files.resolve("model.safetensors"));
    Files.writeString(files.resolve("pytorch_model.bin"), "pickle");
    assertThat(failure(spec)).contains("pickle").contains("save_pretrained");

    Files.write(files.resolve("model.safetensors"), weights);
    String config = Files.readString(files.resolve("config.json"));
    Files.writeString(files.resolve("config.json"), config.replace("bert", "t5"));
    assertThat(failure(spec)).contains("'t5'").contains("supported: bert");

    Files.writeString(files.resolve("config.json"), config.replace("131", "130"));
    assertThat(failure(spec)).contains("word_embeddings").contains("config.json");

    Files.writeString(files.resolve("config.json"), "no json");
    assertThat(failure(spec)).contains("config.json: not valid JSON");

    Files.delete(files.resolve("config.json"));
    Files.writeString(files.resolve("tokenizer.json"), "{}");
    assertThat(failure(spec)).startsWith("models[0]: " + model).contains("config.json: no such");
    Files.writeString(files.resolve("config.json"), config);
    assertThat(failure(spec)).contains("tokenizer.json cannot be used");
  }

  @Test
  void refusesWhatTheModelHasNot() throws IOException {
    TaskSpec task = Fixtures.task(data("train.tsv"), data("dev.tsv"));
    StudySpec spec = Fixtures.study(List.of(model), List.of(task));
    Method deep =
        new Method(
            "repina-i",
            new TreeMap<>(Map.of("lambda", 0.1, "layers", List.of(2), "pooling", "cls")));
    Method curved =
        new Method(
            "repina-mlp",
            new TreeMap<>(
                Map.of(
                    "layers",
                    List.of(-1),
                    "phiInit",
                    "identity",
                    "activation",
                    "tanh",
                    "depth",
                    2,
                    "width",
                    3)));
    Training training = spec.training().get(0);
    Training longer = TrainingBuilder.from(training).maxLength(65).build();
    StudySpec asking =
        StudySpecBuilder.from(spec)
            .methods(List.of(deep, curved, new Method("freeze", new TreeMap<>(Map.of("n", 2)))))
            .training(List.of(longer))
            .collapse(new CollapseSpec(List.of(5), -3, "cls", 0))
            .build();
    assertThat(failure(asking).lines())
        .satisfiesExactlyInAnyOrder(
            line ->
                assertThat(line)
                    .isEqualTo("training.maxLength: 65 is more than " + model + " can take: 64"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "collapse.layer: "
                            + model
                            + ": layer -3: the model has hidden states 0 to 1 (-1 is the last)"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "repina-i.layers: "
                            + model
                            + ": layer 2: the model has hidden states 0 to 1 (-1 is the last)"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "repina-mlp.width: phiInit identity needs at least twice "
                            + model
                            + "'s hidden size 2"),
            line -> assertThat(line).isEqualTo("freeze.n: " + model + " has 1 layers"));
  }
}
