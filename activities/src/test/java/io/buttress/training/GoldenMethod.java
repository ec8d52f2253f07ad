package io.buttress.training;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A setting of a method on one of {@link Golden}'s tasks, and what
 * src/test/python/methods_golden.py got.
 *
 * @param golden Python's numbers
 */
record GoldenMethod(
    Method method, String task, TaskKind kind, int outputs, Training training, JsonNode golden) {
  static final JsonNode JSON = json();

  static List<GoldenMethod> all() {
    return StreamSupport.stream(JSON.get("cases").spliterator(), false)
        .map(GoldenMethod::of)
        .toList();
  }

  private static GoldenMethod of(JsonNode golden) {
    Map<String, Object> given = new TreeMap<>();
    golden.get("parameters").properties().forEach(e -> given.put(e.getKey(), value(e.getValue())));
    String task = golden.get("task").asText();
    return new GoldenMethod(
        Golden.method(golden.get("method").asText(), given),
        task,
        task.equals("score") ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION,
        Map.of("two", 2, "five", 5, "score", 1).get(task),
        training(Golden.value(golden.get("microBatchSize"), Integer.class)),
        golden);
  }

  private static Object value(JsonNode parameter) {
    return parameter.isArray()
        ? Stream.of(Golden.value(parameter, Integer[].class)).sorted().toList()
        : Golden.value(parameter, Object.class);
  }

  private static Training training(Integer microBatchSize) {
    Training golden = Golden.training(JSON.get("epochs").asDouble(), null);
    return TrainingBuilder.from(golden).microBatchSize(microBatchSize).build();
  }

  Split split() {
    return Golden.split(task);
  }

  TextClassifier model() {
    return Golden.model(outputs, 0);
  }

  /** The method for a model, with noise that Python draws alike. */
  FineTuningMethod regularizer(TextClassifier model) {
    return MethodRegistry.create(
        Golden.context(
            method, kind, model, Golden.snapshot(method, model, split()), new DrawnNoise("noise")));
  }

  @Override
  public String toString() {
    return method.id() + " " + task + " " + golden.get("parameters");
  }

  private static JsonNode json() {
    try {
      return Json.MAPPER.readTree(Golden.FOLDER.resolve("methods.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
