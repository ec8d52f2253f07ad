package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever is given to the parser, it answers with a study or with problems. */
class StudyParserPropertyTest {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private final StudyParser parser = new StudyParser(TaskCatalog.builtIn());

  /** Uses every field, so that a change to any place of it meets a reader. */
  private static JsonNode valid() {
    try {
      return Json.MAPPER.readTree(
          """
          {"name": "all fields", "models": ["hf:a/b", "file:/m"],
           "tasks": ["sample:sentiment", {"id": "cola", "train": "file:/t.tsv",
               "validation": "file:/v.tsv"},
             {"id": "mine", "kind": "classification", "labels": ["x", "y"],
              "train": "file:/t.csv", "validation": "file:/v.csv", "test": "file:/w.csv",
              "format": "csv", "columns": ["a", "b"], "text": ["a"], "label": "b",
              "metric": ["accuracy", "f1"], "outOfDistribution": ["file:/o.csv"], "limit": 9}],
           "methods": [{"id": "stl"}, {"id": "repina-i", "lambda": [0.1, 1],
               "layers": [[-1], [1, 2]], "pooling": "mean"}],
           "seeds": [1, 2], "regimes": [{"id": "full"}],
           "training": {"epochs": [1, 2.5], "batchSize": 8, "learningRate": 1e-4, "warmup": 0,
             "maxLength": 64, "precision": "fp32", "weightDecay": 0, "clipNorm": 0,
             "schedule": "cosine", "dropout": null, "steps": null, "minSteps": 1,
             "microBatchSize": 4, "patience": [null, 2], "evaluateEvery": 10},
           "selection": {"fraction": 0.25, "refit": false},
           "collapse": {"topK": [5], "layer": -2, "pooling": "mean"},
           "execution": {"maxParallelTrials": 2, "keepModels": "none"}}
          """);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Property(tries = 1)
  void theStartingPointIsValid() {
    assertThat(Planner.trials(parser.parse(valid()))).isEqualTo(2 * 3 * 5 * 2 * 4);
  }

  @Provide
  Arbitrary<JsonNode> values() {
    Arbitrary<JsonNode> scalars =
        Arbitraries.oneOf(
            Arbitraries.of(
                NODES.nullNode(),
                NODES.booleanNode(true),
                NODES.missingNode(),
                NODES.numberNode(BigInteger.TEN.pow(40)),
                NODES.numberNode(Double.NaN),
                NODES.numberNode(Double.NEGATIVE_INFINITY),
                NODES.numberNode(Long.MIN_VALUE),
                NODES.textNode("grid"),
                NODES.textNode("file:"),
                NODES.textNode("file:%"),
                NODES.textNode("sample:"),
                NODES.textNode("hf:"),
                NODES.textNode("")),
            Arbitraries.strings().ofMaxLength(8).map(NODES::textNode),
            Arbitraries.integers().map(NODES::numberNode),
            Arbitraries.doubles().map(NODES::numberNode));
    return Arbitraries.recursive(
        () -> scalars,
        inner ->
            Arbitraries.oneOf(
                inner.list().ofMaxSize(3).map(items -> new ArrayNode(NODES, items)),
                Arbitraries.maps(
                        Arbitraries.oneOf(
                            Arbitraries.of(
                                "id", "name", "tasks", "methods", "training", "steps", "train"),
                            Arbitraries.strings().ofMaxLength(4)),
                        inner)
                    .ofMaxSize(3)
                    .map(fields -> new ObjectNode(NODES, fields))),
        0,
        3);
  }

  @Property(tries = 1000)
  void anyTreeIsAnswered(@ForAll("values") JsonNode study) {
    answer(study);
  }

  @Property(tries = 1500)
  void anyChangeOfAStudyIsAnswered(@ForAll("values") JsonNode value, @ForAll long place) {
    JsonNode study = valid();
    List<Runnable> changes = new ArrayList<>();
    places(study, value, changes);
    changes.get(new Random(place).nextInt(changes.size())).run();
    answer(study);
  }

  @Property(tries = 1000)
  void anyTextIsAnswered(@ForAll String text) {
    answer(() -> parser.parse(text));
    answer(() -> parser.parseYaml(text));
  }

  @Property(tries = 1000)
  void anyBytesAreAnswered(@ForAll byte[] bytes) {
    answer(() -> parser.parse(bytes));
  }

  private void answer(JsonNode study) {
    answer(() -> parser.parse(study));
  }

  private static void answer(java.util.function.Supplier<StudySpec> parsing) {
    try {
      StudySpec spec = parsing.get();
      assertThat(Planner.trials(spec)).isBetween(1L, (long) StudyParser.MAX_TRIALS);
      Planner.plan(Studies.resolve(spec));
    } catch (InvalidStudyException e) {
      assertThat(e.problems()).isNotEmpty();
      assertThat(e.getMessage().lines()).hasSameSizeAs(e.problems());
    }
  }

  private static void places(JsonNode node, JsonNode value, List<Runnable> changes) {
    if (node instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        changes.add(() -> object.set(field.getKey(), value));
        places(field.getValue(), value, changes);
      }
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        int at = i;
        changes.add(() -> array.set(at, value));
        places(array.get(i), value, changes);
      }
    }
  }
}
