package io.buttress.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads one entry of a study's {@code tasks}. */
final class TaskParser {
  static final List<String> FORMATS = List.of("tsv", "csv", "jsonl", "parquet");

  /** The fields that hold URIs of data files. */
  static final List<String> FILES = List.of("train", "validation", "test", "outOfDistribution");

  private static final List<String> FIELDS =
      List.of(
          "id",
          "kind",
          "labels",
          "train",
          "validation",
          "test",
          "format",
          "columns",
          "text",
          "label",
          "metric",
          "outOfDistribution",
          "limit");
  private static final Map<TaskKind, List<String>> METRICS =
      Map.of(
          TaskKind.CLASSIFICATION, List.of("accuracy", "f1", "macro_f1", "micro_f1", "matthews"),
          TaskKind.REGRESSION, List.of("pearson", "spearman"));
  private static final Map<TaskKind, List<String>> DEFAULT_METRIC =
      Map.of(
          TaskKind.CLASSIFICATION, List.of("accuracy"),
          TaskKind.REGRESSION, List.of("pearson", "spearman"));
  static final Pattern ID = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}._:-]{0,99}");

  static final String ID_MEANING =
      "letters, digits, '.', '_', ':' and '-', at most 100, starting with a letter or digit";

  private final TaskCatalog catalog;
  private final OutOfDistributionParser others = new OutOfDistributionParser(this::uri);

  TaskParser(TaskCatalog catalog) {
    this.catalog = catalog;
  }

  /** The task, incomplete or null when problems with it were noted. */
  TaskSpec parse(SpecNode node) {
    if (node.json().isTextual()) {
      String id = node.json().textValue();
      Optional<TaskCatalog.Entry> entry = catalog.find(id);
      if (entry.isEmpty()) {
        List<String> known = catalog.entries().stream().map(each -> each.spec().id()).toList();
        node.problem("unknown task " + Quote.of(id) + Nearest.hint(id, known));
        return null;
      }
      TaskSpec task = entry.get().spec();
      return hasFiles(node, id, task.train(), task.validation()) ? task : null;
    }
    if (!node.json().isObject()) {
      node.wrong("a task's id, or an object with an id");
      return null;
    }
    node.object(FIELDS);
    SpecNode idNode = node.get("id");
    String id = idNode.text(ID, ID_MEANING);
    if (id == null) {
      return null;
    }
    String format = formatOf(node);
    return overlay(node, id, catalog.find(id).map(entry -> entry.spec(format)));
  }

  /** The format of the study's own training file: as written, else by its extension. */
  private static String formatOf(SpecNode node) {
    String written = node.get("format").json().textValue();
    String train = node.get("train").json().textValue();
    return written != null || train == null ? written : DataUris.format(train).orElse(null);
  }

  private TaskSpec overlay(SpecNode node, String id, Optional<TaskSpec> base) {
    TaskKind kind = kind(node, base);
    List<String> labels = orElse(node, "labels", base, TaskSpec::labels, SpecNode::texts, true);
    List<String> columns = orElse(node, "columns", base, TaskSpec::columns, SpecNode::texts, true);
    List<String> text = orElse(node, "text", base, TaskSpec::text, SpecNode::texts, false);
    String label = orElse(node, "label", base, TaskSpec::label, SpecNode::text, false);
    List<String> metric = metric(node, kind, labels, base);
    String train = orElse(node, "train", base, TaskSpec::train, this::uri, true);
    String validation = orElse(node, "validation", base, TaskSpec::validation, this::uri, true);
    String test = orElse(node, "test", base, TaskSpec::test, this::uri, true);
    List<OutOfDistribution> sets =
        orElse(node, "outOfDistribution", base, TaskSpec::outOfDistribution, others::sets, true);
    String format = format(node, base);
    Integer limit =
        orElse(
            node, "limit", base, TaskSpec::limit, number -> number.integer(Range.atLeast(1)), true);

    if (base.isPresent()) {
      if (node.get("train").blank() && node.get("validation").blank()) {
        hasFiles(node, id, train, validation);
      } else {
        required(node, "train", train);
        required(node, "validation", validation);
      }
    } else {
      List.of("train", "validation").stream()
          .filter(field -> node.get(field).blank())
          .forEach(field -> node.get(field).problem("is required"));
      List.of("text", "label").stream()
          .filter(field -> !node.get(field).present())
          .forEach(field -> node.get(field).problem("is required"));
    }
    checkLabels(node, kind, labels);
    checkColumns(node, columns, text, label);
    OutOfDistributionParser.check(node.get("outOfDistribution"), sets, kind, labels, text);
    if (format == null) {
      checkFormats(node);
    }
    return TaskSpecBuilder.builder()
        .id(id)
        .kind(kind)
        .labels(labels)
        .train(train)
        .validation(validation)
        .test(test)
        .format(format)
        .columns(columns)
        .text(text)
        .label(label)
        .metric(metric)
        .outOfDistribution(sets)
        .limit(limit)
        .build();
  }

  /** The catalogue's format holds for the catalogue's files, not for a study's own. */
  private static String format(SpecNode node, Optional<TaskSpec> base) {
    boolean ownFiles = node.get("train").present() || node.get("validation").present();
    return orElse(
        node,
        "format",
        ownFiles ? Optional.empty() : base,
        TaskSpec::format,
        format -> format.choice(FORMATS),
        true);
  }

  private static TaskKind kind(SpecNode node, Optional<TaskSpec> base) {
    TaskKind known = base.map(TaskSpec::kind).orElse(TaskKind.CLASSIFICATION);
    SpecNode written = node.get("kind");
    if (!written.present()) {
      return known;
    }
    String name = written.choice(List.of("classification", "regression"));
    if (name == null) {
      return known;
    }
    TaskKind kind = TaskKind.valueOf(name.toUpperCase(Locale.ROOT));
    if (base.isPresent() && kind != known) {
      written.problem(
          "the catalogue's " + base.get().id() + " is not a " + name + " task: take another id");
      return known;
    }
    return kind;
  }

  private static List<String> metric(
      SpecNode node, TaskKind kind, List<String> labels, Optional<TaskSpec> base) {
    SpecNode written = node.get("metric");
    if (!written.present()) {
      return base.map(TaskSpec::metric).orElse(DEFAULT_METRIC.get(kind));
    }
    List<String> metrics = written.texts();
    for (String metric : metrics) {
      if (!METRICS.get(kind).contains(metric)) {
        written.problem(
            "no metric "
                + Quote.of(metric)
                + " for this kind of task; known: "
                + String.join(", ", METRICS.get(kind)));
      }
    }
    if (metrics.contains("f1") && labels != null && labels.size() > 2) {
      written.problem("f1 is for two labels: take macro_f1");
    }
    return metrics;
  }

  private boolean hasFiles(SpecNode node, String id, String train, String validation) {
    if (train != null && validation != null) {
      return true;
    }
    node.problem(
        id
            + " needs its files: give train and validation"
            + catalog.find(id).map(TaskParser::onTheHub).orElse(""));
    return false;
  }

  private static String onTheHub(TaskCatalog.Entry entry) {
    return entry.hub() == null
        ? ""
        : " (the Hub has them in %s, configuration %s; `buttress tasks %s` names the files)"
            .formatted(entry.hub().dataset(), entry.hub().config(), entry.spec().id());
  }

  private static void required(SpecNode node, String field, String value) {
    if (value == null && node.get(field).blank()) {
      node.get(field).problem("is required");
    }
  }

  private static void checkLabels(SpecNode node, TaskKind kind, List<String> labels) {
    if (labels == null || node.get("labels").blank()) {
      return;
    }
    if (kind == TaskKind.REGRESSION) {
      node.get("labels").problem("a regression task has none");
    } else if (labels.size() == 1) {
      node.get("labels").problem("must be at least two");
    }
  }

  private static void checkColumns(
      SpecNode node, List<String> columns, List<String> text, String label) {
    if (text != null && text.size() > 2) {
      node.get("text").problem("must be one column, or two for sentence pairs");
    }
    if (text != null && label != null && text.contains(label)) {
      node.get("label").problem(Quote.of(label) + " is a text column already");
    }
    if (columns == null || columns.isEmpty()) {
      return;
    }
    List<String> wanted = new ArrayList<>(text == null ? List.of() : text);
    if (label != null) {
      wanted.add(label);
    }
    for (String column : wanted) {
      if (!columns.contains(column)) {
        node.get("columns").problem("lacks " + Quote.of(column) + ", which text or label names");
      }
    }
  }

  /** Without a format, each file's extension must tell it. */
  private static void checkFormats(SpecNode node) {
    for (String field : FILES) {
      SpecNode written = node.get(field);
      List<SpecNode> files =
          written.json().isArray() && !written.json().isEmpty()
              ? written.items()
              : List.of(written);
      for (SpecNode file : files) {
        String uri = (file.json().isObject() ? file.get("file") : file).json().textValue();
        if (uri != null
            && uri.matches("(?:file:|hf:datasets/|https:|s3:).*")
            && SourceUri.parse(uri).problem(true).isEmpty()
            && DataUris.format(uri).isEmpty()) {
          file.problem("has no extension .tsv, .csv, .jsonl or .parquet: give the task's format");
        }
      }
    }
  }

  private String uri(SpecNode node) {
    return DataUris.data(node, catalog);
  }

  /** What the study says; where it says nothing, what the catalogue says. */
  private static <T> T orElse(
      SpecNode node,
      String field,
      Optional<TaskSpec> base,
      Function<TaskSpec, T> known,
      Function<SpecNode, T> read,
      boolean nullable) {
    SpecNode written = node.get(field);
    if (!written.present()) {
      return base.map(known).orElse(null);
    }
    return nullable && written.blank() ? null : read.apply(written);
  }
}
