package io.buttress.training;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.encoding.Evaluator;
import io.buttress.method.MethodContext;
import io.buttress.method.Noise;
import io.buttress.method.Snapshot;
import io.buttress.model.EncoderConfig;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.Parameter;
import io.buttress.study.Seeds;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What src/test/python/golden.py wrote: a tiny BERT, examples, and Python's numbers. */
public final class Golden {
  public static final Path FOLDER = folder();
  static final JsonNode JSON = json();
  public static final long SEED = JSON.get("seed").asLong();

  private Golden() {}

  public static Training training() {
    return training(JSON.get("training").get("epochs").asDouble(), null);
  }

  public static Training training(double epochs, Double dropout) {
    JsonNode t = JSON.get("training");
    return TrainingBuilder.builder()
        .epochs(epochs)
        .batchSize(t.get("batchSize").asInt())
        .learningRate(t.get("learningRate").asDouble())
        .warmup(t.get("warmup").asDouble())
        .maxLength(24)
        .precision("fp32")
        .weightDecay(t.get("weightDecay").asDouble())
        .clipNorm(t.get("clipNorm").asDouble())
        .schedule(t.get("schedule").asText())
        .dropout(dropout)
        .minSteps(0)
        .build();
  }

  public static Split split(String task) {
    int[][][] examples = value(JSON.get("examples"), int[][][].class);
    int[][] ids = new int[examples.length][];
    int[][] types = new int[examples.length][];
    for (int i = 0; i < examples.length; i++) {
      ids[i] = examples[i][0];
      types[i] = examples[i][1];
    }
    return new Split(ids, types, value(task(task).get("targets"), float[].class));
  }

  static JsonNode task(String task) {
    return JSON.get("tasks").get(task);
  }

  public static TextClassifier model(int outputs, double dropout) {
    return model(outputs, dropout, false);
  }

  public static TextClassifier model(int outputs, double dropout, boolean bfloat16) {
    try {
      ModelFolder folder = ModelFolder.read(FOLDER);
      EncoderConfig config = folder.config().withDropout(dropout);
      return new TextClassifier(folder, config, outputs, p -> Seeds.derive(SEED, p, 0), bfloat16);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Method stl() {
    return new Method("stl", new TreeMap<>());
  }

  static Method repina(double lambda, List<Integer> layers, String pooling) {
    return new Method(
        "repina-i", new TreeMap<>(Map.of("lambda", lambda, "layers", layers, "pooling", pooling)));
  }

  /** A method with a study's defaults for what is not given. */
  public static Method method(String id, Map<String, ?> given) {
    TreeMap<String, Object> parameters = new TreeMap<>(given);
    for (Parameter parameter : MethodCatalog.find(id).orElseThrow().parameters()) {
      parameters.putIfAbsent(parameter.name(), parameter.defaultValue());
    }
    return new Method(id, parameters);
  }

  /** The pre-trained representations that a method compares with, or null. */
  public static Snapshot snapshot(Method method, TextClassifier model, Split split) {
    if (!MethodCatalog.find(method.id()).orElseThrow().usesTrainSnapshot()) {
      return null;
    }
    Map<Integer, Tensor> tensors = new TreeMap<>();
    new Evaluator(model, (step, steps, loss) -> {})
        .run(split, method.integers("layers"), Pooling.of(method.text("pooling")))
        .representations()
        .forEach(
            (layer, values) ->
                tensors.put(layer, Tensor.of(values, split.size(), values.length / split.size())));
    return new Snapshot(tensors);
  }

  /** A context for a model of this class, with the golden seed and training. */
  public static MethodContext context(Method method, TextClassifier model, Snapshot snapshot) {
    return context(method, TaskKind.CLASSIFICATION, model, snapshot, Noise.ENGINE);
  }

  public static MethodContext context(
      Method method, TaskKind kind, TextClassifier model, Snapshot snapshot, Noise noise) {
    return context(method, kind, SEED, model, snapshot, noise);
  }

  public static MethodContext context(
      Method method,
      TaskKind kind,
      long seed,
      TextClassifier model,
      Snapshot snapshot,
      Noise noise) {
    return new MethodContext(method, training(), kind, seed, model, snapshot, noise);
  }

  static <T> T value(JsonNode node, Class<T> type) {
    return Json.MAPPER.convertValue(node, type);
  }

  private static JsonNode json() {
    try {
      return Json.MAPPER.readTree(FOLDER.resolve("golden.json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder() {
    try {
      return Path.of(Golden.class.getResource("/io/buttress/golden/config.json").toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
