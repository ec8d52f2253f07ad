package io.buttress.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads a study's {@code methods}. */
final class MethodParser {
  private MethodParser() {}

  /** Every setting, grids expanded; those of a method that is wrong are left out. */
  static List<Method> parse(SpecNode list) {
    List<Method> methods = new ArrayList<>();
    Map<Method, Integer> seen = new HashMap<>();
    List<SpecNode> items = list.items();
    for (int i = 0; i < items.size(); i++) {
      for (Method method : method(items.get(i))) {
        Integer other = seen.putIfAbsent(method, i);
        if (other != null) {
          items
              .get(i)
              .problem(
                  method.id() + " " + method.parameters() + " is in methods[" + other + "] too");
        }
        methods.add(method);
      }
    }
    if (methods.size() > Grid.MAX_SETTINGS) {
      list.problem(methods.size() + " settings; this version runs at most " + Grid.MAX_SETTINGS);
    }
    return methods;
  }

  private static List<Method> method(SpecNode node) {
    if (!node.json().isObject()) {
      node.wrong("an object such as {\"id\": \"stl\"}");
      return List.of();
    }
    SpecNode idNode = node.get("id");
    String id = idNode.text();
    if (id == null) {
      return List.of();
    }
    Optional<MethodCatalog.Entry> entry = MethodCatalog.find(id);
    if (entry.isEmpty()) {
      List<String> known = MethodCatalog.entries().stream().map(MethodCatalog.Entry::id).toList();
      idNode.problem("unknown method " + Quote.of(id) + Nearest.hint(id, known));
      return List.of();
    }
    return settings(node, entry.get());
  }

  private static List<Method> settings(SpecNode node, MethodCatalog.Entry entry) {
    List<String> fields = new ArrayList<>();
    entry.parameters().forEach(parameter -> fields.add(parameter.name()));
    fields.add("id");
    node.object(fields);
    List<Method> settings =
        Grid.settings(node, entry.parameters()).stream()
            .map(setting -> new Method(entry.id(), setting))
            .toList();
    for (MethodCatalog.Rule rule : entry.rules()) {
      if (!settings.stream().allMatch(rule.holds())) {
        node.get(rule.parameter()).problem(rule.message());
      }
    }
    return settings;
  }
}
