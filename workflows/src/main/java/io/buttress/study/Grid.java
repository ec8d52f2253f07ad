package io.buttress.study;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Expands lists of parameter values into settings: the first parameter changes slowest. */
final class Grid {
  /** The most settings of all methods, or of the training: messages hold 2 MB at most. */
  static final int MAX_SETTINGS = 2000;

  private Grid() {}

  /** All combinations; none, with problems noted, when any value is wrong. */
  static List<SortedMap<String, Object>> settings(SpecNode node, List<Parameter> parameters) {
    List<List<Object>> axes = new ArrayList<>();
    for (Parameter parameter : parameters) {
      axes.add(axis(node.get(parameter.name()), parameter));
    }
    long size = 1;
    for (List<Object> axis : axes) {
      size = Math.min(size * axis.size(), MAX_SETTINGS + 1L);
    }
    if (size > MAX_SETTINGS) {
      node.problem("its grid has more than " + MAX_SETTINGS + " settings");
      return List.of();
    }
    List<SortedMap<String, Object>> settings = List.of(new TreeMap<>());
    for (int i = 0; i < axes.size(); i++) {
      List<SortedMap<String, Object>> extended = new ArrayList<>();
      for (SortedMap<String, Object> setting : settings) {
        for (Object value : axes.get(i)) {
          SortedMap<String, Object> more = new TreeMap<>(setting);
          more.put(parameters.get(i).name(), value);
          extended.add(more);
        }
      }
      settings = extended;
    }
    return settings;
  }

  private static List<Object> axis(SpecNode node, Parameter parameter) {
    List<Object> values = new ArrayList<>();
    if (!node.present()) {
      values.add(parameter.defaultValue());
    } else if (node.json().isTextual()
        && node.json().textValue().equals("grid")
        && !parameter.grid().isEmpty()) {
      values.addAll(parameter.grid());
    } else if (isList(node.json(), parameter)) {
      boolean right = true;
      for (SpecNode item : node.items()) {
        int before = values.size();
        read(item, parameter, values);
        right &= values.size() > before;
      }
      return right ? values : List.of();
    } else {
      read(node, parameter, values);
    }
    return values;
  }

  /** A list of layers is one value; a list that holds a list of layers is several. */
  private static boolean isList(JsonNode json, Parameter parameter) {
    if (!json.isArray() || parameter.kind() != Parameter.Kind.LAYERS) {
      return json.isArray();
    }
    for (JsonNode item : json) {
      if (item.isArray()) {
        return true;
      }
    }
    return false;
  }

  private static void read(SpecNode node, Parameter parameter, List<Object> values) {
    Object value = null;
    if (!(parameter.nullable() && node.json().isNull())) {
      value = parameter.read(node);
      if (value == null) {
        return;
      }
    }
    if (values.contains(value)) {
      node.problem("repeats " + value);
    } else {
      values.add(value);
    }
  }
}
