package io.buttress.study;

import io.buttress.study.OutOfDistribution.CoarseLabel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Reads a task's {@code outOfDistribution}. */
final class OutOfDistributionParser {
  private static final List<String> FIELDS =
      List.of("file", "name", "text", "label", "labels", "drop");

  private final Function<SpecNode, String> uri;

  /**
   * @param uri reads a data file's URI
   */
  OutOfDistributionParser(Function<SpecNode, String> uri) {
    this.uri = uri;
  }

  List<OutOfDistribution> sets(SpecNode node) {
    List<OutOfDistribution> sets = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (SpecNode item : node.items()) {
      OutOfDistribution set = set(item);
      if (set == null) {
        continue;
      }
      if (!names.add(set.name())) {
        item.problem("another set is named " + Quote.of(set.name()) + ", too: give it a name");
      }
      sets.add(set);
    }
    return sets;
  }

  private OutOfDistribution set(SpecNode item) {
    if (!item.json().isObject()) {
      String file = uri.apply(item);
      return file == null ? null : new OutOfDistribution(file);
    }
    item.object(FIELDS);
    SpecNode fileNode = item.get("file");
    if (fileNode.blank()) {
      fileNode.problem("is required");
      return null;
    }
    String file = uri.apply(fileNode);
    String name = read(item, "name", node -> node.text(TaskParser.ID, TaskParser.ID_MEANING));
    List<String> text = read(item, "text", SpecNode::texts);
    String label = read(item, "label", SpecNode::text);
    List<CoarseLabel> labels = read(item, "labels", OutOfDistributionParser::labels);
    List<String> drop = read(item, "drop", SpecNode::texts);
    return file == null
        ? null
        : new OutOfDistribution(
            file, name == null ? DataUris.baseName(file) : name, text, label, labels, drop);
  }

  private static <T> T read(SpecNode item, String field, Function<SpecNode, T> reader) {
    SpecNode node = item.get(field);
    return node.blank() ? null : reader.apply(node);
  }

  private static List<CoarseLabel> labels(SpecNode node) {
    List<CoarseLabel> labels = new ArrayList<>();
    if (!node.json().isObject()) {
      node.wrong("an object: each label of the set with the task's labels that count as it");
      return labels;
    }
    node.json()
        .fieldNames()
        .forEachRemaining(label -> labels.add(new CoarseLabel(label, node.get(label).texts())));
    return labels;
  }

  /**
   * Notes what does not fit the task: each of its labels must count as exactly one of the set's.
   */
  static void check(
      SpecNode node,
      List<OutOfDistribution> sets,
      TaskKind kind,
      List<String> labels,
      List<String> text) {
    if (node.blank()
        || sets == null
        || !node.json().isArray()
        || sets.size() != node.json().size()) {
      return;
    }
    for (int i = 0; i < sets.size(); i++) {
      SpecNode item = node.items().get(i);
      OutOfDistribution set = sets.get(i);
      if (set.text() != null && text != null && set.text().size() != text.size()) {
        item.get("text").problem("must be " + text.size() + " columns, as the task has");
      }
      if (set.labels() == null) {
        continue;
      }
      if (kind == TaskKind.REGRESSION) {
        item.get("labels").problem("a regression task has none");
      } else if (labels == null) {
        item.get("labels").problem("needs the task's labels: give them, too");
      } else {
        checkLabels(item.get("labels"), set.labels(), labels);
      }
    }
  }

  private static void checkLabels(SpecNode node, List<CoarseLabel> coarse, List<String> labels) {
    if (coarse.size() < 2) {
      node.problem("must be at least two");
    }
    Set<String> seen = new HashSet<>();
    for (CoarseLabel label : coarse) {
      for (String fine : label.of()) {
        if (!labels.contains(fine)) {
          node.get(label.label())
              .problem(Quote.of(fine) + " is no label of the task" + Nearest.hint(fine, labels));
        } else if (!seen.add(fine)) {
          node.get(label.label()).problem(Quote.of(fine) + " counts as two of the set's labels");
        }
      }
    }
    for (String fine : labels) {
      if (!seen.contains(fine)) {
        node.problem("must say what the task's label " + Quote.of(fine) + " counts as");
      }
    }
  }
}
