package io.buttress.study;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Reads studies: fills in defaults, expands grids, looks tasks up, and reports every problem at
 * once. Pure: opens no file. Relative {@code file:} URIs must have been resolved ({@link
 * DataUris#resolve}).
 */
public final class StudyParser {
  /** The most trials a study may have. */
  public static final int MAX_TRIALS = 100_000;

  /** The most tasks to probe for: all of them are in every trial's message. */
  private static final int MAX_PROBES = 5;

  /** The most datasets: all are prepared at once, and travel in one message. */
  private static final int MAX_DATASETS = 1000;

  private static final List<String> DEFAULT_MODELS =
      List.of("hf:sentence-transformers/all-MiniLM-L6-v2");
  private static final List<String> FIELDS =
      List.of(
          "name",
          "models",
          "tasks",
          "methods",
          "seeds",
          "regimes",
          "training",
          "selection",
          "collapse",
          "execution");
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{N}]([\\p{L}\\p{N} ._-]{0,98}[\\p{L}\\p{N}._-])?");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final TaskCatalog tasks;

  public StudyParser(TaskCatalog tasks) {
    this.tasks = tasks;
  }

  /** Reads text into a tree, checking nothing but that it is JSON. */
  public static JsonNode readJson(String json) {
    return read("JSON", () -> JSON.readTree(json));
  }

  /** Reads text into a tree, checking nothing but that it is YAML. */
  public static JsonNode readYaml(String yaml) {
    return read("YAML", () -> YAML.readTree(yaml));
  }

  /**
   * @throws InvalidStudyException listing every problem
   */
  public StudySpec parse(byte[] json) {
    return parse(read("JSON", () -> JSON.readTree(json)));
  }

  /**
   * @throws InvalidStudyException listing every problem
   */
  public StudySpec parse(String json) {
    return parse(readJson(json));
  }

  /**
   * @throws InvalidStudyException listing every problem
   */
  public StudySpec parseYaml(String yaml) {
    return parse(readYaml(yaml));
  }

  /**
   * @throws InvalidStudyException listing every problem
   */
  public StudySpec parse(JsonNode study) {
    List<Problem> problems = new ArrayList<>();
    if (study == null || study.isMissingNode() || study.isNull()) {
      problems.add(new Problem("", "there is no study: give an object with name, tasks, methods"));
      throw new InvalidStudyException(problems);
    }
    StudySpec spec = parse(SpecNode.root(study, problems));
    if (!problems.isEmpty()) {
      throw new InvalidStudyException(problems);
    }
    return spec;
  }

  private StudySpec parse(SpecNode study) {
    if (!study.json().isObject()) {
      study.wrong("an object with name, tasks and methods");
      return null;
    }
    study.object(FIELDS);
    String name =
        study
            .get("name")
            .text(
                NAME,
                "letters, digits, spaces, '.', '_' and '-', at most 100, starting with a letter or digit");
    TaskParser taskParser = new TaskParser(tasks);
    List<TaskSpec> taskSpecs = distinct(study.get("tasks"), taskParser::parse, TaskSpec::id);
    SpecNode models = study.get("models");
    SpecNode seeds = study.get("seeds");
    SpecNode regimes = study.get("regimes");
    List<Training> training = TrainingParameters.parse(study.get("training"));
    StudySpec spec =
        StudySpecBuilder.builder()
            .name(name)
            .models(
                models.present()
                    ? distinct(models, DataUris::model, Function.identity())
                    : DEFAULT_MODELS)
            .tasks(taskSpecs)
            .methods(MethodParser.parse(study.get("methods")))
            .seeds(
                seeds.present()
                    ? distinct(seeds, SpecNode::longInteger, Function.identity())
                    : List.of(1L))
            .regimes(regimes.present() ? RegimeParser.parse(regimes) : List.of(Regime.FULL))
            .training(training)
            .selection(
                SelectionParser.parse(study.get("selection"), study.get("training"), training))
            .collapse(collapse(study.get("collapse")))
            .execution(execution(study.get("execution")))
            .probes(probes(study.get("collapse").get("probes"), taskSpecs, taskParser))
            .build();
    checkApplicable(study, spec);
    checkSize(study, spec);
    return spec;
  }

  /** Some of the methods, and some of the regimes, must be of use for one of the tasks. */
  private static void checkApplicable(SpecNode study, StudySpec spec) {
    if (spec.tasks().isEmpty() || spec.methods().isEmpty() || spec.regimes().isEmpty()) {
      return;
    }
    if (spec.tasks().stream()
        .noneMatch(task -> spec.methods().stream().anyMatch(m -> Planner.applies(m, task)))) {
      study.get("methods").problem("none of them can be used for regression, which every task is");
    }
    if (spec.tasks().stream()
        .noneMatch(task -> spec.regimes().stream().anyMatch(r -> r.applies(task.kind())))) {
      study.get("regimes").problem("none of them can be used for regression, which every task is");
    }
  }

  private static void checkSize(SpecNode study, StudySpec spec) {
    long trials = Planner.trials(spec);
    long refits = Planner.refits(spec);
    if (trials + refits > MAX_TRIALS) {
      study.problem(
          "the study has "
              + trials
              + " trials"
              + (refits == 0 ? "" : " and up to " + refits + " refits")
              + "; this version runs at most "
              + MAX_TRIALS);
    }
    long datasets = Planner.datasets(spec);
    if (datasets > MAX_DATASETS) {
      study.problem(
          "the study has "
              + datasets
              + " datasets (models x tasks and probes x training.maxLength); this version prepares at most "
              + MAX_DATASETS);
    }
  }

  private static CollapseSpec collapse(SpecNode node) {
    CollapseSpec standard = CollapseSpec.DEFAULT;
    if (!node.present()) {
      return standard;
    }
    if (!node.object(List.of("topK", "layer", "pooling", "probes", "trajectory"))) {
      return standard;
    }
    SpecNode topK = node.get("topK");
    SpecNode layer = node.get("layer");
    SpecNode pooling = node.get("pooling");
    SpecNode trajectory = node.get("trajectory");
    Integer moments = trajectory.present() ? trajectory.integer(CollapseSpec.TRAJECTORY) : null;
    Integer layerIndex = layer.present() ? layer.integer(Range.ANY) : null;
    return new CollapseSpec(
        topK.present() ? topK.integerSet(Range.atLeast(1)) : standard.topK(),
        layerIndex == null ? standard.layer() : layerIndex,
        pooling.present() ? pooling.choice(List.of("cls", "mean")) : standard.pooling(),
        moments == null ? standard.trajectory() : moments);
  }

  /** An id stands for the study's own task of that id, if any: its files need not be repeated. */
  private static List<TaskSpec> probes(SpecNode list, List<TaskSpec> tasks, TaskParser taskParser) {
    if (!list.present()) {
      return List.of();
    }
    List<TaskSpec> probes =
        distinct(
            list,
            node ->
                tasks.stream()
                    .filter(task -> task.id().equals(node.json().textValue()))
                    .findFirst()
                    .orElseGet(() -> taskParser.parse(node)),
            TaskSpec::id);
    if (probes.size() > MAX_PROBES) {
      list.problem(probes.size() + " tasks; this version probes for at most " + MAX_PROBES);
    }
    return probes;
  }

  private static ExecutionSpec execution(SpecNode node) {
    ExecutionSpec standard = ExecutionSpec.DEFAULT;
    if (!node.present()) {
      return standard;
    }
    if (!node.object(List.of("maxParallelTrials", "checkpointEvery", "keepModels"))) {
      return standard;
    }
    SpecNode parallel = node.get("maxParallelTrials");
    SpecNode checkpoints = node.get("checkpointEvery");
    SpecNode keep = node.get("keepModels");
    Integer maxParallelTrials =
        parallel.present() ? parallel.integer(ExecutionSpec.PARALLEL_TRIALS) : null;
    return new ExecutionSpec(
        maxParallelTrials == null ? standard.maxParallelTrials() : maxParallelTrials,
        checkpoints.present() ? checkpoints.seconds() : standard.checkpointSeconds(),
        keep.present() ? keep.choice(List.of("all", "best", "none")) : standard.keepModels());
  }

  /** Reads a list whose items must differ in {@code key}. */
  private static <T> List<T> distinct(
      SpecNode list, Function<SpecNode, T> read, Function<T, ?> key) {
    List<T> values = new ArrayList<>();
    Set<Object> keys = new LinkedHashSet<>();
    for (SpecNode item : list.items()) {
      T value = read.apply(item);
      if (value != null) {
        if (!keys.add(key.apply(value))) {
          item.problem("repeats " + Quote.bare(key.apply(value).toString()));
        }
        values.add(value);
      }
    }
    return values;
  }

  private interface Reading {
    JsonNode read() throws IOException;
  }

  private static JsonNode read(String language, Reading reading) {
    try {
      return reading.read();
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw unreadable(
          language,
          e.getOriginalMessage(),
          at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
    } catch (IOException | RuntimeException e) {
      // The YAML library lets some of its own unchecked exceptions through.
      throw unreadable(language, String.valueOf(e.getMessage()), "");
    }
  }

  private static InvalidStudyException unreadable(String language, String message, String where) {
    String line = message.lines().findFirst().orElse("");
    return new InvalidStudyException(
        List.of(new Problem("", "the study is not " + language + ": " + Quote.bare(line) + where)));
  }
}
