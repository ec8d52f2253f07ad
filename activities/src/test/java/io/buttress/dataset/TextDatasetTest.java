package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.buttress.plan.Fixtures;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.DataFile;
import io.buttress.study.DatasetRequest;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.OutOfDistribution.CoarseLabel;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.TaskKind;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextDatasetTest {
  private static final TaskSpec BASE = Fixtures.task("file:/t.tsv", "file:/v.tsv");
  @TempDir Path folder;
  private ArtifactStore store;

  @BeforeEach
  void open() throws IOException {
    store = Fixtures.store(folder);
  }

  private static TaskSpec spec(TaskKind kind, List<String> labels, Integer limit) {
    return TaskSpecBuilder.from(BASE).kind(kind).labels(labels).limit(limit).build();
  }

  private TextDataset read(TaskSpec spec, String train, String validation) throws IOException {
    return TextDataset.read(
        Fixtures.resolved(store, spec, Map.of("train", train, "validation", validation)),
        new Inputs(store));
  }

  @Test
  void labelsAreTheSortedOnesOfTrain() throws IOException {
    TextDataset dataset =
        read(BASE, "text\tlabel\nx\tspam\ny\tham\nz\tspam\n", "text\tlabel\nx\tham\n");
    assertThat(dataset.labels()).containsExactly("ham", "spam");
    assertThat(dataset.splits().get("train").targets()).containsExactly(1, 0, 1);
    assertThat(dataset.splits().get("validation").targets()).containsExactly(0);
  }

  @Test
  void givenLabelsKeepTheirOrder() throws IOException {
    TaskSpec spec = spec(TaskKind.CLASSIFICATION, List.of("spam", "eggs", "ham"), null);
    TextDataset dataset = read(spec, "text\tlabel\nx\tspam\ny\tham\n", "text\tlabel\nx\teggs\n");
    assertThat(dataset.labels()).containsExactly("spam", "eggs", "ham");
    assertThat(dataset.splits().get("train").targets()).containsExactly(0, 2);
    assertThat(dataset.splits().get("validation").targets()).containsExactly(1);
  }

  @Test
  void scoresAreFloats() throws IOException {
    TextDataset dataset =
        read(
            spec(TaskKind.REGRESSION, null, null),
            "text\tlabel\nx\t5.000\ny\t-1e-2\n",
            "text\tlabel\nx\t0\n");
    assertThat(dataset.labels()).isEmpty();
    assertThat(dataset.splits().get("train").targets()).containsExactly(5f, -0.01f);
  }

  @Test
  void limitCutsTrainAfterAFixedShuffleAndNestsLargerLimits() throws IOException {
    String rows =
        IntStream.range(0, 40)
            .mapToObj(i -> "t" + i + "\t" + i)
            .collect(Collectors.joining("\n", "text\tlabel\n", "\n"));
    TextDataset.Split ten =
        read(spec(TaskKind.REGRESSION, null, 10), rows, rows).splits().get("train");
    TextDataset all = read(spec(TaskKind.REGRESSION, null, 100), rows, rows);
    TextDataset.Split hundred = all.splits().get("train");
    assertThat(ten.texts()).isEqualTo(hundred.texts().subList(0, 10));
    assertThat(hundred.texts()).hasSize(40).doesNotHaveDuplicates();
    for (int i = 0; i < 40; i++) {
      assertThat(hundred.texts().get(i)).containsExactly("t" + (int) hundred.targets()[i]);
    }
    // Collections.shuffle and Random have specified algorithms: this must never change.
    assertThat(ten.targets()).startsWith(FIRST_OF_FORTY);
    assertThat(all.splits().get("validation").targets()[0]).isZero();
  }

  private static final float[] FIRST_OF_FORTY = {32, 24, 20, 1, 27};

  @Test
  void outOfDistributionSetsHaveColumnsAndLabelsOfTheirOwn() throws Exception {
    String train = "text\tlabel\nx\tyes\ny\tno\nz\tmaybe\n";
    List<CoarseLabel> coarse =
        List.of(
            new CoarseLabel("sure", List.of("yes", "no")),
            new CoarseLabel("unsure", List.of("maybe")));
    OutOfDistribution hub =
        new OutOfDistribution("file:/o", "hub", List.of("body"), "class", coarse, List.of("-1"));
    TaskSpec spec =
        withSets(spec(TaskKind.CLASSIFICATION, List.of("yes", "no", "maybe"), null), hub);
    Map<String, String> texts = Map.of("train", train, "validation", train);
    ResolvedTask files = Fixtures.resolved(store, spec, texts);
    Path parquet =
        ParquetFixture.write(
            folder.resolve("o"),
            "SELECT 'b' || n AS body, n AS class FROM (VALUES (1), (-1), (0)) AS t(n)");
    files.splits().put("ood:hub", new DataFile("file:/o", "parquet", store.putBlob(parquet)));

    TextDataset dataset = TextDataset.read(files, new Inputs(store));
    assertThat(dataset.labels()).containsExactly("yes", "no", "maybe");
    assertThat(dataset.splits().get("train").targets()).containsExactly(0, 1, 2);
    assertThat(dataset.splits().get("ood:hub").targets()).containsExactly(1, 0);
    assertThat(dataset.splits().get("ood:hub").texts())
        .containsExactly(List.of("b1"), List.of("b0"));

    OutOfDistribution keeping =
        new OutOfDistribution("file:/o", "hub", List.of("body"), "class", coarse, null);
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(
            () ->
                TextDataset.read(
                    new ResolvedTask(withSets(spec, keeping), files.splits()), new Inputs(store)))
        .withMessageStartingWith("file:/o:2: the label is -1");
    assertThat(Artifacts.dataset(request(withSets(spec, hub), files)))
        .isNotEqualTo(Artifacts.dataset(request(withSets(spec, keeping), files)));
  }

  private static DatasetRequest request(TaskSpec spec, ResolvedTask files) {
    return new DatasetRequest(
        new ResolvedModel("file:/m", "key", "digest"), new ResolvedTask(spec, files.splits()), 8);
  }

  private static TaskSpec withSets(TaskSpec spec, OutOfDistribution... sets) {
    return TaskSpecBuilder.from(spec).outOfDistribution(List.of(sets)).build();
  }

  private TextDataset readParquet(List<String> labels, String train, String validation)
      throws Exception {
    TreeMap<String, DataFile> files = new TreeMap<>();
    for (Map.Entry<String, String> split :
        Map.of("train", train, "validation", validation).entrySet()) {
      Path file = ParquetFixture.write(folder.resolve(split.getKey()), split.getValue());
      files.put(
          split.getKey(),
          new DataFile("file:/" + split.getKey() + ".parquet", "parquet", store.putBlob(file)));
    }
    return TextDataset.read(
        new ResolvedTask(spec(TaskKind.CLASSIFICATION, labels, null), files), new Inputs(store));
  }

  @Test
  void wholeNumbersInParquetAreClassIndicesUnlessLabelsAreWholeNumbers() throws Exception {
    String numbers = "SELECT 'x' AS text, unnest([2, 0, 1]) AS label";
    String names = "SELECT 'x' AS text, unnest(['b', 'c']) AS label";
    TextDataset indices = readParquet(List.of("c", "a", "b"), numbers, names);
    assertThat(indices.labels()).containsExactly("c", "a", "b");
    assertThat(indices.splits().get("train").targets()).containsExactly(2, 0, 1);
    assertThat(indices.splits().get("validation").targets()).containsExactly(2, 0);

    TextDataset values = readParquet(List.of("2", "1", "0"), numbers, numbers);
    assertThat(values.splits().get("train").targets()).containsExactly(0, 2, 1);
    TextDataset found = readParquet(null, numbers, numbers);
    assertThat(found.labels()).containsExactly("0", "1", "2");
  }

  @Test
  void classesThatHaveNoNameAreErrorsWithTheirRow() {
    String good = "SELECT 'x' AS text, unnest([0, 1]) AS label";
    for (String bad : List.of("2", "-1", "4294967296")) {
      assertThatExceptionOfType(InvalidDataException.class)
          .isThrownBy(
              () ->
                  readParquet(
                      List.of("a", "b"),
                      good,
                      "SELECT 'x' AS text, unnest([1, " + bad + "]) AS label"))
          .withMessageStartingWith("file:/validation.parquet:2: the label is ")
          .withMessageContaining(bad);
    }
  }

  @Test
  void badRowsNameFileAndLineAndQuoteNothing() {
    String good = "text\tlabel\nx\ta\ny\tb\n";
    assertFails(BASE, good, "text\tlabel\nsecret\tc\n", "file:/data/validation.tsv:2: the label");
    assertFails(BASE, good, "text\tlabel\nx\ta\n \ta\n", "file:/data/validation.tsv:3: the text");
    assertFails(
        spec(TaskKind.CLASSIFICATION, List.of("a", "c"), null),
        good,
        good,
        "file:/data/train.tsv:3: the label in 'label' is none of the task's: a, c");
    assertFails(BASE, "text\tlabel\nx\ta\ny\ta\n", good, "file:/data/train.tsv: every row");
    for (String score : List.of("secret", "NaN", "1f", "0x1p3", "", "1e99")) {
      assertFails(
          spec(TaskKind.REGRESSION, null, null),
          "text\tlabel\nx\t1\ny\t" + score + "\n",
          good,
          "file:/data/train.tsv:3: the score in 'label' is");
    }
  }

  private void assertFails(TaskSpec spec, String train, String validation, String message) {
    assertThatExceptionOfType(InvalidDataException.class)
        .isThrownBy(() -> read(spec, train, validation))
        .withMessageStartingWith(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret").doesNotContain("\n"));
  }
}
