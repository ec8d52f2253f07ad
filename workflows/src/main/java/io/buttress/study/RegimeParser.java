package io.buttress.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/** Reads a study's {@code regimes}. */
final class RegimeParser {
  private RegimeParser() {}

  static List<Regime> parse(SpecNode list) {
    List<Regime> regimes = new ArrayList<>();
    for (SpecNode item : list.items()) {
      for (Regime regime : regime(item)) {
        if (regimes.contains(regime)) {
          item.problem("repeats " + regime.id());
        }
        regimes.add(regime);
      }
    }
    return regimes;
  }

  private static List<Regime> regime(SpecNode node) {
    if (!node.json().isObject()) {
      node.wrong("an object such as {\"id\": \"full\"}");
      return List.of();
    }
    String id =
        node.get("id").choice(List.of(Regime.FULL.id(), Regime.FEW_SHOT, Regime.LABEL_NOISE));
    if (id == null) {
      return List.of();
    }
    return switch (id) {
      case Regime.FEW_SHOT ->
          values(node, "examples", item -> item.integer(Range.atLeast(2))).stream()
              .map(Regime::fewShot)
              .toList();
      case Regime.LABEL_NOISE ->
          values(node, "fraction", item -> item.number(new Range(0, true, 1, false))).stream()
              .map(Regime::labelNoise)
              .toList();
      default -> {
        node.object(List.of("id"));
        yield List.of(Regime.FULL);
      }
    };
  }

  /** Reads the one field beside {@code id}, whose value may be a list of values. */
  private static <T> List<T> values(SpecNode node, String field, Function<SpecNode, T> read) {
    node.object(List.of("id", field));
    SpecNode value = node.get(field);
    List<SpecNode> items = value.json().isArray() ? value.items() : List.of(value);
    return items.stream().map(read).filter(Objects::nonNull).toList();
  }
}
