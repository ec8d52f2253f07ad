package io.buttress.dataset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import io.buttress.study.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads JSONL. A column {@code a.b} is the field {@code a.b}, or else field b of object a. */
final class JsonLinesFile {
  private static final ObjectReader READER =
      Json.MAPPER.reader(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonLinesFile() {}

  static List<Row> read(Path file, String uri, List<String> wanted) throws IOException {
    List<Row> rows = new ArrayList<>();
    try (BufferedReader text = Utf8File.open(file, uri)) {
      int line = 0;
      for (String json = text.readLine(); json != null; json = text.readLine()) {
        line++;
        JsonNode object = object(json, uri, line);
        List<String> fields = new ArrayList<>(wanted.size());
        for (String name : wanted) {
          fields.add(field(object, name, uri, line));
        }
        rows.add(new Row(line, fields));
      }
    }
    if (rows.isEmpty()) {
      throw new InvalidDataException(uri, 0, "no rows");
    }
    return rows;
  }

  private static JsonNode object(String json, String uri, int line) {
    JsonNode node;
    try {
      node = READER.readTree(json);
    } catch (JsonProcessingException e) {
      // The parser's own message quotes the text.
      throw new InvalidDataException(
          uri, line, "not JSON, at column " + e.getLocation().getColumnNr());
    }
    if (!node.isObject()) {
      throw new InvalidDataException(uri, line, "not a JSON object; JSONL has one a line");
    }
    return node;
  }

  private static String field(JsonNode object, String name, String uri, int line) {
    JsonNode value = object.get(name);
    if (value == null) {
      value = object.at("/" + name.replace("~", "~0").replace("/", "~1").replace('.', '/'));
    }
    if (value.isMissingNode()) {
      throw new InvalidDataException(uri, line, "no field '" + name + "'");
    }
    if (value.isNull() || value.isContainerNode()) {
      throw new InvalidDataException(
          uri, line, "field '" + name + "' is neither text nor a number");
    }
    return value.asText();
  }
}
