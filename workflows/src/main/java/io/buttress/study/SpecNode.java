package io.buttress.study;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A value of a study as written, with its path. Readers note what is wrong and return null (or an
 * empty list), so that one pass finds every problem.
 */
final class SpecNode {
  private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,4})([smh])");

  private final JsonNode json;
  private final String path;
  private final List<Problem> problems;

  private SpecNode(JsonNode json, String path, List<Problem> problems) {
    this.json = json;
    this.path = path;
    this.problems = problems;
  }

  static SpecNode root(JsonNode json, List<Problem> problems) {
    return new SpecNode(json, "", problems);
  }

  void problem(String message) {
    problems.add(new Problem(path, message));
  }

  JsonNode json() {
    return json;
  }

  /** False when the field is left out. */
  boolean present() {
    return !json.isMissingNode();
  }

  /** True when the field is left out or null. */
  boolean blank() {
    return json.isMissingNode() || json.isNull();
  }

  SpecNode get(String field) {
    return new SpecNode(json.path(field), path.isEmpty() ? field : path + "." + field, problems);
  }

  /** Notes a value that is not an object, and every field that is not known. */
  boolean object(Collection<String> known) {
    if (!json.isObject()) {
      return wrong("an object");
    }
    json.fieldNames()
        .forEachRemaining(
            field -> {
              if (!known.contains(field)) {
                get(Quote.bare(field)).problem("unknown field" + Nearest.hint(field, known));
              }
            });
    return true;
  }

  /** The items of a list; none, with a problem noted, when it is no list or empty. */
  List<SpecNode> items() {
    if (!json.isArray()) {
      wrong("a list");
      return List.of();
    }
    if (json.isEmpty()) {
      problem("must not be an empty list");
    }
    List<SpecNode> items = new ArrayList<>(json.size());
    for (int i = 0; i < json.size(); i++) {
      items.add(new SpecNode(json.get(i), path + "[" + i + "]", problems));
    }
    return items;
  }

  /** Text that is not blank; null, with a problem noted, for anything else. */
  String text() {
    if (!json.isTextual()) {
      wrong("text");
      return null;
    }
    if (json.textValue().isBlank()) {
      problem("must not be blank");
      return null;
    }
    return json.textValue();
  }

  String text(Pattern pattern, String meaning) {
    String text = text();
    if (text != null && !pattern.matcher(text).matches()) {
      problem("must be " + meaning + ", not " + Quote.of(text));
      return null;
    }
    return text;
  }

  String choice(Collection<String> choices) {
    if (!json.isTextual() || !choices.contains(json.textValue())) {
      String found = json.isTextual() ? Quote.of(json.textValue()) : kind();
      problem(
          choices.size() == 1
              ? "must be " + choices.iterator().next() + " in this version, not " + found
              : "must be one of " + String.join(", ", choices) + ", not " + found);
      return null;
    }
    return json.textValue();
  }

  /** A list of different texts; a single text stands for a list of one. */
  List<String> texts() {
    if (json.isTextual()) {
      String text = text();
      return text == null ? List.of() : List.of(text);
    }
    List<String> texts = new ArrayList<>();
    for (SpecNode item : items()) {
      String text = item.text();
      if (text != null && texts.contains(text)) {
        item.problem("repeats " + Quote.of(text));
      } else if (text != null) {
        texts.add(text);
      }
    }
    return texts;
  }

  /** A duration such as {@code 60s}, {@code 5m} or {@code 1h}, in seconds; 0 when it is wrong. */
  int seconds() {
    String text = text();
    Matcher duration = DURATION.matcher(text == null ? "" : text);
    if (!duration.matches()) {
      if (text != null) {
        problem("must be a time such as 60s, 5m or 1h, not " + Quote.of(text));
      }
      return 0;
    }
    int unit = Map.of("s", 1, "m", 60, "h", 3600).get(duration.group(2));
    return Integer.parseInt(duration.group(1)) * unit;
  }

  Boolean bool() {
    if (!json.isBoolean()) {
      wrong("true or false");
      return null;
    }
    return json.booleanValue();
  }

  Double number(Range range) {
    if (!json.isNumber()) {
      wrong("a number");
      return null;
    }
    // Adding 0.0 makes -0.0 the 0.0 it equals, so that both have one canonical text.
    double value = json.doubleValue() + 0.0;
    if (!Double.isFinite(value)) {
      problem("must be a finite number");
      return null;
    }
    return within(range, value) ? value : null;
  }

  Integer integer(Range range) {
    if (!json.isIntegralNumber()) {
      wrong("a whole number");
      return null;
    }
    if (!json.canConvertToInt()) {
      problem("is out of range");
      return null;
    }
    return within(range, json.intValue()) ? json.intValue() : null;
  }

  Long longInteger() {
    if (!json.isIntegralNumber()) {
      wrong("a whole number");
      return null;
    }
    if (!json.canConvertToLong()) {
      problem("is out of range");
      return null;
    }
    return json.longValue();
  }

  /** Different whole numbers, in ascending order; empty when one of them is wrong. */
  List<Integer> integerSet(Range range) {
    TreeSet<Integer> values = new TreeSet<>();
    boolean right = true;
    for (SpecNode item : items()) {
      Integer value = item.integer(range);
      if (value != null && !values.add(value)) {
        item.problem("repeats " + value);
      }
      right &= value != null;
    }
    return right ? List.copyOf(values) : List.of();
  }

  private boolean within(Range range, double value) {
    if (!range.contains(value)) {
      problem("must be " + range + ", not " + json.asText());
      return false;
    }
    return true;
  }

  /** Notes that this value should be something else. */
  boolean wrong(String wanted) {
    problem(present() ? "must be " + wanted + ", not " + kind() : "is required");
    return false;
  }

  private String kind() {
    return switch (json.getNodeType()) {
      case ARRAY -> "a list";
      case OBJECT, POJO -> "an object";
      case STRING -> "the text " + Quote.of(json.textValue());
      case NUMBER -> json.asText();
      default -> Quote.bare(json.asText("null"));
    };
  }
}
