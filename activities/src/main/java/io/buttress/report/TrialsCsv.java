package io.buttress.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.TrialResult;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/** Trials as a flat table: one row each, nested fields by their path ({@code validation.f1}). */
final class TrialsCsv {
  private TrialsCsv() {}

  private static final Pattern FORMULA = Pattern.compile("\\s*[=+\\-@]|[\\t\\r]");

  /** RFC 4180 text; empty cells for what a trial lacks. */
  static String text(List<TrialResult> trials) throws IOException {
    List<Map<String, String>> rows = new ArrayList<>();
    Set<String> scalars = new LinkedHashSet<>();
    Set<String> nested = new LinkedHashSet<>();
    for (TrialResult trial : trials) {
      Map<String, String> row = new LinkedHashMap<>();
      flatten("", StudyReport.tree(trial), row);
      row.keySet().forEach(path -> (path.contains(".") ? nested : scalars).add(path));
      rows.add(row);
    }
    // A map that some trials lack is a null there: its columns are those of the trials that have
    // it.
    scalars.removeIf(name -> nested.stream().anyMatch(path -> path.startsWith(name + ".")));
    scalars.addAll(nested.stream().sorted().toList());
    StringWriter text = new StringWriter();
    try (CSVPrinter csv = CSVFormat.RFC4180.print(text)) {
      csv.printRecord(scalars);
      for (Map<String, String> row : rows) {
        csv.printRecord(scalars.stream().map(row::get));
      }
    }
    return text.toString();
  }

  private static void flatten(String path, JsonNode node, Map<String, String> row) {
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        flatten(
            path.isEmpty() ? field.getKey() : path + "." + field.getKey(), field.getValue(), row);
      }
    } else if (node.isArray()) {
      row.put(path, node.toString());
    } else {
      row.put(path, node.isNull() ? null : node.isTextual() ? inert(node.asText()) : node.asText());
    }
  }

  /** Text that no spreadsheet takes for a formula; numbers have cells of their own. */
  private static String inert(String text) {
    return FORMULA.matcher(text).lookingAt() ? "'" + text : text;
  }
}
