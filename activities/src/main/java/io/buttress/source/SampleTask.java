package io.buttress.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A task made from templates, the same bytes everywhere: {@link Random} has a specified algorithm.
 * {@code sample:NAME/train} has 400 examples, {@code sample:NAME/validation} 200, as TSV with a
 * header; labels are balanced, no text occurs twice.
 */
public interface SampleTask {
  int TRAIN = 400;
  int VALIDATION = 200;
  Map<String, SampleTask> TASKS =
      Map.of("entailment", new EntailmentSample(), "sentiment", new SentimentSample());

  /** Column names: one or two of text, then the label's. */
  List<String> columns();

  /** Label values in class order. */
  List<String> labels();

  /** One example's text columns. */
  List<String> text(int label, boolean validation, Random random);

  /** The TSV file of a split, or empty when there is no such task or split. */
  static Optional<String> file(String name, String split) {
    SampleTask task = TASKS.get(name);
    if (task == null || !List.of("train", "validation").contains(split)) {
      return Optional.empty();
    }
    boolean validation = split.equals("validation");
    int wanted = validation ? VALIDATION : TRAIN;
    Random random = new Random(validation ? 2 : 1);
    Map<List<String>, Integer> examples = new LinkedHashMap<>();
    while (examples.size() < wanted) {
      int label = examples.size() % task.labels().size();
      examples.putIfAbsent(task.text(label, validation, random), label);
    }
    List<String> rows = new ArrayList<>();
    examples.forEach(
        (text, label) -> rows.add(String.join("\t", text) + "\t" + task.labels().get(label)));
    Collections.shuffle(rows, random);
    rows.add(0, String.join("\t", task.columns()));
    return Optional.of(String.join("\n", rows) + "\n");
  }

  /** A uniformly drawn element. */
  static <T> T pick(List<T> from, Random random) {
    return from.get(random.nextInt(from.size()));
  }

  /** A uniformly drawn element other than one. */
  static String pickOther(List<String> from, String than, Random random) {
    return pick(from.stream().filter(s -> !s.equals(than)).toList(), random);
  }
}
