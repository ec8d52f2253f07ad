package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.buttress.study.OutOfDistribution.CoarseLabel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StudyParserTest {
  private final StudyParser parser = new StudyParser(TaskCatalog.builtIn());

  /** JSON in which an apostrophe stands for a quotation mark. */
  private static String json(String text) {
    return text.replace('\'', '"');
  }

  private static String study(String more) {
    return json(
        "{'name': 's', 'tasks': ['sample:sentiment'], 'methods': [{'id': 'stl'}]" + more + "}");
  }

  private static String withTask(String task) {
    return json("{'name': 's', 'methods': [{'id': 'stl'}], 'tasks': [" + task + "]}");
  }

  private static String withMethods(String methods) {
    return json("{'name': 's', 'tasks': ['sample:sentiment'], 'methods': " + methods + "}");
  }

  private List<String> problems(String json) {
    InvalidStudyException e =
        catchThrowableOfType(InvalidStudyException.class, () -> parser.parse(json));
    assertThat(e).as("accepted: %s", json).isNotNull();
    return e.problems().stream().map(Problem::toString).toList();
  }

  @Test
  void aProbeIsATaskOfTheStudyOfTheCatalogueOrOfItsOwn() {
    String own = "{'id': '%s', 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv'%s}";
    String cola = own.formatted("cola", "");
    String score = own.formatted("x", ", 'kind': 'regression', 'text': 'a', 'label': 'b'");
    StudySpec spec =
        parser.parse(
            json(
                "{'name': 's', 'methods': [{'id': 'stl'}], 'tasks': ['sample:entailment', %s],"
                        .formatted(cola)
                    + "'collapse': {'probes': ['cola', 'sample:sentiment', %s]}}"
                        .formatted(score)));
    assertThat(spec.probes())
        .extracting(TaskSpec::id)
        .containsExactly("cola", "sample:sentiment", "x");
    assertThat(spec.probes().get(0)).isEqualTo(spec.tasks().get(1));
    assertThat(spec.probes().get(2).metric()).containsExactly("pearson", "spearman");
    assertThat(parser.parse(study("")).probes()).isEmpty();
  }

  @Test
  void sixProbesAreTooMany() {
    String probes =
        IntStream.range(0, 6)
            .mapToObj(
                i ->
                    "{'id': 'p%d', 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv', 'text': 'a', 'label': 'b'}"
                        .formatted(i))
            .collect(Collectors.joining(","));
    assertThat(problems(study(", 'collapse': {'probes': [" + probes + "]}")))
        .singleElement()
        .asString()
        .startsWith("collapse.probes: 6 tasks");
  }

  @Test
  void regimesCross() {
    StudySpec spec =
        parser.parse(
            study(
                ", 'regimes': [{'id': 'full'}, {'id': 'few-shot', 'examples': [16, 500]},"
                    + " {'id': 'label-noise', 'fraction': [0.05, 1e-1, 1]}]"));
    assertThat(spec.regimes())
        .extracting(Regime::id)
        .containsExactly(
            "full",
            "few-shot-16",
            "few-shot-500",
            "label-noise-0.05",
            "label-noise-0.1",
            "label-noise-1");
    assertThat(Planner.trials(spec)).isEqualTo(6);
    assertThat(Json.canonical(Regime.FULL)).as("in fingerprints").isEqualTo("{\"id\":\"full\"}");
  }

  @Test
  void fillsInDefaults() {
    StudySpec spec = parser.parse(study(""));

    assertThat(spec.models()).containsExactly("hf:sentence-transformers/all-MiniLM-L6-v2");
    assertThat(spec.seeds()).containsExactly(1L);
    assertThat(spec.regimes()).containsExactly(Regime.FULL);
    assertThat(spec.training()).containsExactly(Training.DEFAULT);
    assertThat(spec.collapse()).isEqualTo(CollapseSpec.DEFAULT);
    assertThat(spec.execution()).isEqualTo(ExecutionSpec.DEFAULT);
    assertThat(spec.tasks().get(0).train()).isEqualTo("sample:sentiment/train");
    assertThat(spec.tasks().get(0).labels()).containsExactly("negative", "positive");
    assertThat(parser.parse(withMethods("[{'id': 'repina-i'}]")).methods().get(0).parameters())
        .isEqualTo(
            new java.util.TreeMap<>(
                java.util.Map.of("lambda", 0.01, "layers", List.of(-1), "pooling", "cls")));
  }

  @Test
  void listsOfScalarsAreGridAxes() {
    StudySpec spec =
        parser.parse(
            json(
                "{'name': 's', 'tasks': ['sample:sentiment'], 'methods': ["
                    + "{'id': 'repina-i', 'lambda': [0.1, 1], 'pooling': ['cls', 'mean']}],"
                    + "'training': {'learningRate': [1e-5, 5e-5], 'dropout': [null, 0]}}"));

    assertThat(spec.methods())
        .extracting(m -> m.number("lambda") + " " + m.text("pooling"))
        .containsExactly("0.1 cls", "0.1 mean", "1.0 cls", "1.0 mean");
    assertThat(spec.training())
        .extracting(t -> t.learningRate() + " " + t.dropout())
        .containsExactly("1.0E-5 null", "1.0E-5 0.0", "5.0E-5 null", "5.0E-5 0.0");
  }

  @Test
  void layersAreASetAndAListOfListsIsAGrid() {
    assertThat(parser.parse(withMethods("[{'id': 'repina-i', 'layers': [-1, -3]}]")).methods())
        .extracting(m -> m.integers("layers"))
        .containsExactly(List.of(-3, -1));
    assertThat(
            parser.parse(withMethods("[{'id': 'repina-i', 'layers': [[-1], [1, 0]]}]")).methods())
        .extracting(m -> m.integers("layers"))
        .containsExactly(List.of(-1), List.of(0, 1));
    assertThat(problems(withMethods("[{'id': 'repina-i', 'layers': [[-1], 2]}]")))
        .containsExactly("methods[0].layers[1]: must be a list, not 2");
    assertThat(problems(withMethods("[{'id': 'repina-i', 'layers': [[1, 2], [2, 1]]}]")))
        .containsExactly("methods[0].layers[1]: repeats [1, 2]");
  }

  @Test
  void gridStandsForTheMethodsOwn() {
    assertThat(parser.parse(withMethods("[{'id': 'repina-i', 'lambda': 'grid'}]")).methods())
        .extracting(m -> m.number("lambda"))
        .containsExactly(1e-4, 1e-3, 1e-2, 1e-1, 1.0);
  }

  @Test
  void reportsEveryProblemWithItsPath() {
    String bad =
        json(
            "{'nam': 'x', 'models': ['bert'], 'tasks': ['rte', 'sst-2', {'id': 'mine'}],"
                + "'methods': [{'id': 'stl', 'lambda': 1}, {'id': 'repina-i', 'lambda': -1}],"
                + "'seeds': [1, 1], 'training': {'batchSize': 0, 'epochs': '3'}}");

    assertThat(problems(bad))
        .containsExactlyInAnyOrder(
            "nam: unknown field; did you mean name?",
            "name: is required",
            "models[0]: must be a URI with file:, hf:, https: or s3:, not \"bert\"",
            "tasks[0]: rte needs its files: give train and validation (the Hub has them in"
                + " nyu-mll/glue, configuration rte; `buttress tasks rte` names the files)",
            "tasks[1]: unknown task \"sst-2\"; did you mean sst2?",
            "tasks[2].train: is required",
            "tasks[2].validation: is required",
            "tasks[2].text: is required",
            "tasks[2].label: is required",
            "methods[0].lambda: unknown field; known: id",
            "methods[1].lambda: must be >= 0, not -1",
            "seeds[1]: repeats 1",
            "training.batchSize: must be >= 1, not 0",
            "training.epochs: must be a number, not the text \"3\"");
  }

  @Test
  void anObjectOverlaysTheCatalogue() {
    StudySpec spec =
        parser.parse(
            withTask(
                "{'id': 'cola', 'train': 'file:/d/train.tsv', 'validation': 'file:/d/dev.tsv',"
                    + "'outOfDistribution': ['file:/d/other.tsv'], 'limit': 4000}"));

    TaskSpec cola = spec.tasks().get(0);
    assertThat(cola.columns()).containsExactly("source", "label", "judgement", "sentence");
    assertThat(cola.text()).containsExactly("sentence");
    assertThat(cola.labels()).containsExactly("0", "1");
    assertThat(cola.metric()).containsExactly("matthews");
    assertThat(cola.train()).isEqualTo("file:/d/train.tsv");
    assertThat(cola.outOfDistribution())
        .containsExactly(new OutOfDistribution("file:/d/other.tsv"));
    assertThat(cola.limit()).isEqualTo(4000);
    TaskSpec withHeader =
        parser
            .parse(
                withTask(
                    "{'id': 'cola', 'train': 'file:/d/a.csv', 'validation': 'file:/d/b.csv',"
                        + "'columns': null, 'text': 'body', 'label': 'ok'}"))
            .tasks()
            .get(0);
    assertThat(withHeader.columns()).isNull();
    assertThat(withHeader.text()).containsExactly("body");
  }

  @Test
  void parquetOfACatalogueTaskHasTheColumnsOfTheHub() {
    TaskSpec original = task("{'id': 'mrpc', 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv'}");
    assertThat(original.text()).containsExactly("#1 String", "#2 String");
    assertThat(original.label()).isEqualTo("Quality");
    for (String files :
        List.of(
            "'train': 'file:/t.parquet', 'validation': 'file:/v.parquet'",
            "'train': 'file:/t', 'validation': 'file:/v', 'format': 'parquet'")) {
      TaskSpec mrpc = task("{'id': 'mrpc', " + files + "}");
      assertThat(mrpc.text()).containsExactly("sentence1", "sentence2");
      assertThat(mrpc.label()).isEqualTo("label");
      assertThat(task("{'id': 'cola', " + files + "}").columns()).isNull();
      assertThat(task("{'id': 'mrpc', 'label': 'y', " + files + "}").label()).isEqualTo("y");
    }
  }

  private TaskSpec task(String json) {
    return parser.parse(withTask(json)).tasks().get(0);
  }

  @Test
  void anOutOfDistributionSetMayHaveColumnsAndCoarserLabels() throws Exception {
    TaskSpec mnli =
        task(
            "{'id': 'mnli', 'train': 'file:/t.parquet', 'validation': 'file:/v.parquet',"
                + "'outOfDistribution': ['file:/d/mm.parquet',"
                + "{'file': 'file:/d/0000.parquet', 'name': 'hans', 'text': ['a', 'b'],"
                + "'labels': {'non-entailment': ['neutral', 'contradiction'],"
                + "'entailment': 'entailment'}},"
                + "{'file': 'file:/d/snli.parquet', 'label': 'gold', 'drop': ['-1']}]}");
    assertThat(mnli.outOfDistribution())
        .containsExactly(
            new OutOfDistribution("file:/d/mm.parquet"),
            new OutOfDistribution(
                "file:/d/0000.parquet",
                "hans",
                List.of("a", "b"),
                null,
                List.of(
                    new CoarseLabel("non-entailment", List.of("neutral", "contradiction")),
                    new CoarseLabel("entailment", List.of("entailment"))),
                null),
            new OutOfDistribution(
                "file:/d/snli.parquet", "snli", null, "gold", null, List.of("-1")));
    assertThat(Json.MAPPER.readValue(Json.canonical(mnli), TaskSpec.class)).isEqualTo(mnli);
  }

  @Test
  void recordsOfPlainUrisAreRead() throws Exception {
    assertThat(Json.MAPPER.readValue("\"file:/d/x.tsv\"", OutOfDistribution.class))
        .isEqualTo(new OutOfDistribution("file:/d/x.tsv"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'name': 'x'} | [0].file: is required",
        "{'file': 'x.tsv'} | [0].file: must be a URI",
        "{'file': 'file:/x'} | [0]: has no extension",
        "{'file': 'file:/x.tsv', 'name': 'a/b'} | [0].name: must be letters",
        "{'file': 'file:/x.tsv', 'lable': 'y'} | [0].lable: unknown field",
        "{'file': 'file:/x.tsv', 'text': 'a'} | [0].text: must be 2 columns",
        "{'file': 'file:/x.tsv', 'labels': ['a']} | [0].labels: must be an object",
        "{'file': 'file:/x.tsv', 'labels': {'a': ['entailment', 'neutral', 'contradiction']}}"
            + " | [0].labels: must be at least two",
        "{'file': 'file:/x.tsv', 'labels': {'a': 'entailment', 'b': 'neutral'}}"
            + " | [0].labels: must say what the task's label \"contradiction\"",
        "{'file': 'file:/x.tsv', 'labels': {'a': ['entailment', 'neutral'], 'b': ['neutral',"
            + " 'contradiction']}} | [0].labels.b: \"neutral\" counts as two",
        "{'file': 'file:/x.tsv', 'labels': {'a': 'entails', 'b': ['entailment', 'neutral',"
            + " 'contradiction']}} | [0].labels.a: \"entails\" is no label of the task",
        "{'file': 'file:/x.tsv', 'name': 'd'}, 'file:/d.csv' | [1]: another set is named \"d\"",
      })
  void anOutOfDistributionSetThatDoesNotFitIsAProblem(String sets, String problem) {
    String json =
        "{'id': 'mnli', 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv',"
            + "'outOfDistribution': ["
            + sets
            + "]}";
    assertThatExceptionOfType(InvalidStudyException.class)
        .isThrownBy(() -> parser.parse(withTask(json)))
        .satisfies(
            e ->
                assertThat(e.getMessage().lines())
                    .anyMatch(line -> line.startsWith("tasks[0].outOfDistribution" + problem)));
  }

  @Test
  void anotherIdDefinesANewTask() {
    String files = "'train': 'file:/a.tsv', 'validation': 'file:/b.tsv', 'label': 'y'";
    TaskSpec pairs =
        parser.parse(withTask("{'id': 'mine', 'text': ['a', 'b'], " + files + "}")).tasks().get(0);
    assertThat(pairs.kind()).isEqualTo(TaskKind.CLASSIFICATION);
    assertThat(pairs.metric()).containsExactly("accuracy");
    assertThat(pairs.labels()).isNull();
    TaskSpec scores =
        parser
            .parse(withTask("{'id': 'm', 'kind': 'regression', 'text': 'a', " + files + "}"))
            .tasks()
            .get(0);
    assertThat(scores.metric()).containsExactly("pearson", "spearman");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'kind': 'ranking' | tasks[0].kind: must be one of classification, regression",
        "'labels': ['a'] | tasks[0].labels: must be at least two",
        "'labels': ['a', 'b', 'b'] | tasks[0].labels[2]: repeats",
        "'labels': [0, 'b', 'c'] | tasks[0].labels[0]: must be text, not 0",
        "'kind': 'regression', 'labels': ['a', 'b'] | tasks[0].labels: a regression task has none",
        "'text': ['a', 'b', 'c'] | tasks[0].text: must be one column, or two",
        "'text': 'y' | tasks[0].label: \"y\" is a text column already",
        "'columns': ['a', 'b'] | tasks[0].columns: lacks \"y\"",
        "'metric': 'bleu' | tasks[0].metric: no metric \"bleu\"",
        "'kind': 'regression', 'metric': 'accuracy' | tasks[0].metric: no metric \"accuracy\"",
        "'metric': 'f1', 'labels': ['p', 'q', 'r'] | tasks[0].metric: f1 is for two labels",
        "'limit': 0 | tasks[0].limit: must be >= 1",
        "'limit': 2.5 | tasks[0].limit: must be a whole number",
        "'format': 'xml' | tasks[0].format: must be one of tsv, csv, jsonl, parquet",
        "'test': 'file:/c.txt' | tasks[0].test: has no extension .tsv, .csv, .jsonl or .parquet",
        "'train': 'data/a.tsv' | tasks[0].train: must be a URI with file:, hf:, https:, s3: or sample:",
        "'train': 'file:a.tsv' | tasks[0].train: must be an absolute file URI",
        "'train': 'file://host/a.tsv' | tasks[0].train: must be an absolute file URI",
        "'train': 'file:/my data/a.tsv' | tasks[0].train: is no URI",
        "'train': 'hf:o/n' | tasks[0].train: must be like hf:datasets/owner/name/file.tsv",
        "'test': 'hf:datasets/o/n/c.txt' | tasks[0].test: has no extension .tsv, .csv, .jsonl or .parquet",
        "'train': 's3:bucket' | tasks[0].train: must be like s3:bucket/folder/name",
        "'train': 'https://host/a.zip' | tasks[0].train: is an archive: name the file in it",
        "'test': 'https://host/a.zip!/c.txt' | tasks[0].test: has no extension .tsv",
        "'test': 'https://host/c.txt?as=c.tsv' | tasks[0].test: has no extension .tsv",
        "'train': 'sample:sentimnt/train' | tasks[0].train: no such sample; did you mean",
        "'outOfDistribution': ['file:/x/d.tsv', 'file:/y/d.tsv'] | tasks[0].outOfDistribution[1]:",
        "'id': '../up' | tasks[0].id: must be letters",
        "'lable': 'y' | tasks[0].lable: unknown field; did you mean label?",
      })
  void refusesBadTasks(String field, String problem) {
    String name = json(field).replaceFirst("^\"(\\w+)\".*", "$1");
    StringBuilder task = new StringBuilder("{" + field);
    for (String standard :
        List.of(
            "'id': 'm'",
            "'text': 'a'",
            "'label': 'y'",
            "'train': 'file:/a.tsv'",
            "'validation': 'file:/b.tsv'")) {
      if (!standard.startsWith("'" + name + "'")) {
        task.append(", ").append(standard);
      }
    }
    assertThat(problems(withTask(task + "}")))
        .singleElement()
        .asString()
        .startsWith(problem.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'selection': {} | selection.fraction: is required",
        "'selection': 0.1 | selection: must be an object, not 0.1",
        "'selection': {'fraction': 0.6} | selection.fraction: must be in (0, 0.5], not 0.6",
        "'selection': {'fraction': 0} | selection.fraction: must be in (0, 0.5], not 0",
        "'selection': {'fraction': 0.1, 'refit': 1} | selection.refit: must be true or false, not 1",
        "'training': {'patience': 3} | training.patience: early stopping needs a selection split",
        "'training': {'patience': [null, 3]} | training.patience: early stopping needs a selection",
        "'training': {'microBatchSize': 33} | training.microBatchSize: must be at most batchSize: 33",
        "'training': {'evaluateEvery': 9} | training.evaluateEvery: has no effect without patience",
        "'collapse': {'probes': ['cola']} | collapse.probes[0]: cola needs its files",
        "'collapse': {'probes': 'sample:sentiment'} | collapse.probes: must be a list",
        "'collapse': {'probes': []} | collapse.probes: must not be an empty list",
        "'collapse': {'probes': [{'id': 'own', 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv', 'text':"
            + " ['a']}]} | collapse.probes[0].label: is required",
        "'collapse': {'probes': ['sample:sentimant']} | collapse.probes[0]: unknown task",
        "'collapse': {'probes': ['sample:sentiment', 'sample:sentiment']} | collapse.probes[1]: repeats",
        "'collapse': {'topK': []} | collapse.topK: must not be an empty list",
        "'collapse': {'trajectory': 101} | collapse.trajectory: must be",
        "'collapse': {'topK': [5, 0]} | collapse.topK[1]: must be >= 1",
        "'collapse': {'pooling': 'max'} | collapse.pooling: must be one of cls, mean",
        "'execution': {'checkpointEvery': '60'} | execution.checkpointEvery: must be a time such as",
        "'execution': {'checkpointEvery': 60} | execution.checkpointEvery: must be text, not 60",
        "'execution': {'keepModels': 'some'} | execution.keepModels: must be one of all, best, none",
        "'execution': {'maxParallelTrials': 501} | execution.maxParallelTrials: must be in [1, 500]",
        "'regimes': [{'id': 'few-shot'}] | regimes[0].examples: is required",
        "'regimes': [{'id': 'few-shot', 'examples': [16, 1]}] | regimes[0].examples[1]: must be >= 2",
        "'regimes': [{'id': 'few-shot', 'examples': [16, 16]}] | regimes[0]: repeats few-shot-16",
        "'regimes': [{'id': 'few-shot', 'examples': 9, 'n': 1}] | regimes[0].n: unknown field",
        "'regimes': [{'id': 'label-noise', 'fraction': 0}] | regimes[0].fraction: must be in (0, 1], not 0",
        "'regimes': [{'id': 'label-noise', 'fraction': 1.5}] | regimes[0].fraction: must be",
        "'regimes': [{'id': 'zero-shot'}] | regimes[0].id: must be one of full, few-shot,",
        "'regimes': ['full'] | regimes[0]: must be an object such as",
        "'regimes': [{'id': 'full'}, {'id': 'full'}] | regimes[1]: repeats full",
        "'training': {'precision': 'fp16'} | training.precision: must be one of fp32, bf16",
        "'training': {'warmup': 1.5} | training.warmup: must be in [0, 1], not 1.5",
        "'training': {'dropout': 1} | training.dropout: must be in [0, 1), not 1",
        "'training': {'learningRate': 0} | training.learningRate: must be > 0, not 0",
        "'training': {'epochs': 1e400} | training.epochs: must be a finite number",
        "'training': {'epochs': null} | training.epochs: must be a number, not null",
        "'training': {'epochs': 2, 'steps': 9} | training.epochs: has no effect beside steps",
        "'training': {'batchSize': [8, 8]} | training.batchSize[1]: repeats 8",
        "'training': {'schedule': 'grid'} | training.schedule: must be one of linear",
        "'training': {'steps': 99999999999} | training.steps: is out of range",
        "'seeds': [] | seeds: must not be an empty list",
        "'seeds': 1 | seeds: must be a list, not 1",
        "'seeds': [1.5] | seeds[0]: must be a whole number, not 1.5",
        "'seeds': [true] | seeds[0]: must be a whole number, not true",
        "'models': ['hf:bert'] | models[0]: must be like hf:owner/name",
        "'models': ['hf:datasets/a/b/c.tsv'] | models[0]: must be like hf:owner/name",
        "'models': ['hf:a/b', 'hf:a/b'] | models[1]: repeats hf:a/b",
      })
  void refusesBadFields(String field, String problem) {
    assertThat(problems(study(", " + field)))
        .singleElement()
        .asString()
        .startsWith(problem.strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | methods: must not be an empty list",
        "['stl'] | methods[0]: must be an object such as {\"id\": \"stl\"}, not the text \"stl\"",
        "[{'id': 'repina'}] | methods[0].id: unknown method \"repina\"; did you mean repina-i?",
        "[{'id': 'stl'}, {'id': 'stl'}] | methods[1]: stl {} is in methods[0] too",
        "[{'id': 'repina-i', 'lambda': [1, 1.0]}] | methods[0].lambda[1]: repeats 1.0",
        "[{'id': 'repina-i', 'lambda': true}] | methods[0].lambda: must be a number, not true",
        "[{'id': 'repina-i', 'lambda': []}] | methods[0].lambda: must not be an empty list",
        "[{'id': 'mixout', 'p': 1}] | methods[0].p: must be in [0, 1), not 1",
        "[{'id': 'reinit', 'n': 1.5}] | methods[0].n: must be a whole number, not 1.5",
        "[{'id': 'wc', 'decay': 'off'}] | methods[0].decay: must be one of keep, none, not \"off\"",
        "[{'id': 'repina-mlp', 'phiInit': 'identity', 'activation': 'tanh'}] |"
            + " methods[0].phiInit: identity needs the activation relu, or depth 1",
      })
  void refusesBadMethods(String methods, String problem) {
    assertThat(problems(withMethods(methods)))
        .singleElement()
        .asString()
        .startsWith(problem.strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   ", "null", "[]", "3", "\"{}\"", "{", "{\"a\": NaN}", "{} {}"})
  void anythingButAnObjectIsOneClearProblem(String text) {
    assertThat(problems(text))
        .singleElement()
        .asString()
        .containsAnyOf("there is no study", "must be an object", "the study is not JSON: ");
  }

  @Test
  void refusesDuplicateFieldsMalformedTextAndDeepNesting() {
    assertThat(problems(json("{'name': 'a', 'name': 'b'}")))
        .singleElement()
        .asString()
        .contains("Duplicate field 'name'", "line 1");
    assertThat(problems("[".repeat(100_000))).hasSize(1);
    InvalidStudyException e =
        catchThrowableOfType(
            InvalidStudyException.class,
            () -> parser.parse("{\"name\": \"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1)));
    assertThat(e.problems()).hasSize(1);
  }

  @Test
  void refitsUnlessItStopsEarly() {
    assertThat(parser.parse(study("")).selection()).isNull();
    assertThat(parser.parse(study(json(", 'selection': null"))).selection()).isNull();
    assertThat(parser.parse(study(json(", 'selection': {'fraction': 0.1}"))).selection())
        .isEqualTo(new SelectionSpec(0.1, true));
    String stopping = ", 'training': {'patience': [null, 3], 'evaluateEvery': [10, 20]}";
    StudySpec spec = parser.parse(study(json(stopping + ", 'selection': {'fraction': 0.5}")));
    assertThat(spec.selection()).isEqualTo(new SelectionSpec(0.5, false));
    assertThat(spec.training())
        .as("settings that never stop are one")
        .extracting(t -> t.patience() + " " + t.evaluateEvery())
        .containsExactly("null null", "3 10", "3 20");
    assertThat(problems(study(json(stopping + ", 'selection': {'fraction': 0.5, 'refit': true}"))))
        .containsExactly(
            "selection.refit: a refit has no selection split to stop on: leave out refit, or"
                + " training.patience");
  }

  @Test
  void limitsTheNumberOfTrials() {
    String seeds = ", 'seeds': " + numbers(35_000);
    assertThat(problems(study(seeds + ", 'training': {'batchSize': [1, 2, 3]}")))
        .containsExactly("the study has 105000 trials; this version runs at most 100000");
    String two = ", 'training': {'batchSize': [1, 2]}, 'selection': {'fraction': 0.1}";
    assertThat(problems(study(seeds + two)))
        .containsExactly(
            "the study has 70000 trials and up to 35000 refits; this version runs at most 100000");
  }

  @Test
  void limitsTheNumberOfSettings() {
    String axis = numbers(50);
    assertThat(problems(study(", 'training': {'batchSize': " + axis + ", 'steps': " + axis + "}")))
        .containsExactly("training: its grid has more than 2000 settings");
    assertThat(
            problems(
                json(
                    "{'name': 's', 'tasks': ['sample:sentiment'], 'methods': ["
                        + "{'id': 'repina-i', 'lambda': "
                        + numbers(1500)
                        + "}, {'id': 'repina-mean', 'lambda': "
                        + numbers(1500)
                        + "}]}")))
        .containsExactly("methods: 3000 settings; this version runs at most 2000");
  }

  @Test
  void limitsTheNumberOfDatasets() {
    String models =
        IntStream.rangeClosed(1, 251)
            .mapToObj(i -> "'file:/models/" + i + "'")
            .collect(Collectors.joining(",", ", 'models': [", "]"));
    assertThat(problems(study(models + ", 'training': {'maxLength': [32, 64, 96, 128]}")))
        .containsExactly(
            "the study has 1004 datasets (models x tasks and probes x training.maxLength); this version"
                + " prepares at most 1000");
  }

  /** From 1 on. */
  private static String numbers(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void readsYaml() {
    StudySpec spec =
        parser.parseYaml(
            """
            name: s
            tasks: [sample:sentiment]
            methods:
              - id: repina-i
                lambda: [0.01, 0.1]
            training: {learningRate: 5e-5}
            """);
    assertThat(spec.methods()).hasSize(2);
    assertThat(spec.training().get(0).learningRate()).isEqualTo(5e-5);
    for (String bad : List.of("a: [", "\u0000", "a: 1\na: 2", "%x", "*x", "a: b: c")) {
      assertThat(catchThrowableOfType(InvalidStudyException.class, () -> parser.parseYaml(bad)))
          .as(bad)
          .isNotNull();
    }
  }

  @Test
  void theDocumentedExampleIsAStudy() throws Exception {
    String docs = Files.readString(Path.of("../docs/studies.md"));
    Matcher block = Pattern.compile("```json\n(\\{ *\"name\".*?)```", Pattern.DOTALL).matcher(docs);
    assertThat(block.find()).isTrue();
    StudySpec spec = parser.parse(block.group(1));
    assertThat(Planner.trials(spec)).isEqualTo(24);
  }

  @Test
  void everyMethodWithoutParametersIsOneSetting() {
    for (MethodCatalog.Entry entry : MethodCatalog.entries()) {
      assertThat(parser.parse(withMethods("[{'id': '" + entry.id() + "'}]")).methods())
          .singleElement()
          .satisfies(
              method ->
                  assertThat(method.parameters().keySet())
                      .containsExactlyInAnyOrderElementsOf(
                          entry.parameters().stream().map(Parameter::name).toList()));
    }
  }

  @Test
  void gridsOfWholeNumbersAreWholeNumbers() {
    assertThat(parser.parse(withMethods("[{'id': 'reinit', 'n': 'grid'}]")).methods())
        .extracting(method -> method.parameters().get("n"))
        .containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void methodsThatNoTaskCanUseAreAProblem() {
    String study =
        "{'name': 's', 'methods': [{'id': 'r3f'}, {'id': 'r4f'}], 'tasks': [{'id': 'stsb',"
            + " 'train': 'file:/t.tsv', 'validation': 'file:/v.tsv'}%s]}";
    assertThat(problems(json(String.format(study, ""))))
        .containsExactly("methods: none of them can be used for regression, which every task is");
    assertThat(Planner.trials(parser.parse(json(String.format(study, ", 'sample:sentiment'")))))
        .isEqualTo(2);
  }

  @Test
  void readsTimes() {
    assertThat(
            List.of("1s", "5m", "2h").stream()
                .map(time -> study(", 'execution': {'checkpointEvery': '" + time + "'}"))
                .map(study -> parser.parse(study).execution().checkpointSeconds()))
        .containsExactly(1, 300, 7200);
  }
}
