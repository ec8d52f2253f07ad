package io.buttress.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The fields of a {@code config.json}. What a field cannot be is an {@link InvalidModelException}
 * that names the file and the field.
 *
 * @param file its name in messages
 */
record ConfigFields(ObjectNode json, String file) {

  /** Reads a file that must be a JSON object. */
  static ConfigFields read(Path path, String file) throws IOException {
    try {
      if (Json.MAPPER.readTree(Files.readAllBytes(path)) instanceof ObjectNode object) {
        return new ConfigFields(object, file);
      }
      throw new InvalidModelException(file + ": not a JSON object");
    } catch (NoSuchFileException e) {
      throw new InvalidModelException(
          file + ": no such file; a model is a Hugging Face folder with config.json");
    } catch (JsonProcessingException e) {
      throw new InvalidModelException(file + ": not valid JSON");
    }
  }

  String oneOf(String field, String absent, List<String> known) throws InvalidModelException {
    String value = json.path(field).asText(absent);
    if (!known.contains(value)) {
      throw new InvalidModelException(
          file + ": " + field + " is '" + value + "', supported: " + String.join(", ", known));
    }
    return value;
  }

  /** Refuses a variant of the architecture that is not built here. */
  void off(String field) throws InvalidModelException {
    oneOf(field, "false", List.of("false"));
  }

  int size(String field) throws InvalidModelException {
    JsonNode value = json.path(field);
    if (!value.isInt() || value.intValue() < 1) {
      throw new InvalidModelException(file + ": " + field + " must be a positive integer");
    }
    return value.intValue();
  }

  int index(String field, int absent, int end) throws InvalidModelException {
    JsonNode value = json.path(field);
    int index = absent(value) ? absent : value.isInt() ? value.intValue() : -1;
    if (index < 0 || index >= end) {
      throw new InvalidModelException(
          file + ": " + field + " must be a whole number from 0 to " + (end - 1));
    }
    return index;
  }

  double rate(String field, double absent) throws InvalidModelException {
    JsonNode value = json.path(field);
    double rate = absent(value) ? absent : value.asDouble(-1);
    if (!(rate >= 0 && rate < 1)) {
      throw new InvalidModelException(file + ": " + field + " must be in [0, 1)");
    }
    return rate;
  }

  double positive(String field, double absent) throws InvalidModelException {
    JsonNode value = json.path(field);
    double number = absent(value) ? absent : value.isNumber() ? value.doubleValue() : -1;
    if (!(number > 0 && number < Double.POSITIVE_INFINITY)) {
      throw new InvalidModelException(file + ": " + field + " must be a positive number");
    }
    return number;
  }

  private static boolean absent(JsonNode value) {
    return value.isMissingNode() || value.isNull();
  }
}
