package io.buttress.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.encoding.Evaluator;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The files of every family, in and out, from copies of the tiny golden models. */
class FamilyTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void aSavedModelIsReadBackToTheSameBits(Family family) throws IOException {
    ModelFolder source = ModelFolder.read(copy(family));
    for (String file : List.of("tokenizer.json", "vocab.json", "merges.txt")) {
      Files.writeString(source.folder().resolve(file), "{}");
    }
    Path saved = saved(family, source, 0.25);
    ModelFolder again = ModelFolder.read(saved);
    assertThat(again.config()).isEqualTo(source.config().withDropout(0.25));
    // Other seeds: everything, the head too, comes from the files.
    assertThat(logits(family, again, 3, 99)).isDeepEqualTo(logits(family, source, 3, 5));
    assertThat(json(saved).at("/architectures/0").asText())
        .isEqualToIgnoringCase(family + "ForSequenceClassification");
    assertThat(saved).isDirectoryContaining(path -> path.endsWith("merges.txt"));
    assertThat(saved).isDirectoryContaining(path -> path.endsWith("vocab.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "BERT, bert.pooler.dense.weight, classifier.weight",
    "ROBERTA, classifier.dense.weight, classifier.out_proj.weight",
    "DISTILBERT, pre_classifier.weight, classifier.weight",
    "ELECTRA, classifier.dense.weight, classifier.out_proj.weight"
  })
  void aHeadForOtherLabelsKeepsItsFirstLayer(Family family, String first, String last)
      throws IOException {
    Path saved = saved(family, ModelFolder.read(copy(family)), 0);
    assertThat(Safetensors.read(saved.resolve("model.safetensors"))).containsKeys(first, last);
    ModelFolder folder = ModelFolder.read(saved);
    try (TextClassifier three = classifier(folder, 3, 99);
        TextClassifier two = classifier(folder, 2, 5)) {
      assertThat(floats(two, "pooler.dense.weight"))
          .isEqualTo(floats(three, "pooler.dense.weight"));
      assertThat(floats(two, "classifier.weight"))
          .isEqualTo(TextClassifier.normal(2 * 16, folder.config().initializerRange(), 5));
      assertThat(floats(two, "classifier.bias")).containsOnly(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void prefixesAndForeignHeadsMakeNoDifference(Family family) throws IOException {
    float[][] plain = logits(family, ModelFolder.read(copy(family)), 2, 5);
    for (UnaryOperator<String> renaming :
        List.<UnaryOperator<String>>of(name -> name, name -> family.prefix() + name)) {
      Path folder = copy(family);
      rewrite(
          folder,
          tensors -> {
            Map<String, Tensor> bare = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> bare.put(name.replace(family.prefix(), ""), tensor));
            for (String head :
                List.of(
                    "lm_head.dense.bias",
                    "cls.predictions.bias",
                    "vocab_projector.bias",
                    "discriminator_predictions.dense.bias",
                    "generator_predictions.dense.bias",
                    "generator_lm_head.bias",
                    "qa_outputs.bias")) {
              bare.put(head, Tensor.of(new float[3], 3));
            }
            bare.put("embeddings.position_ids", Tensor.of(new int[24]));
            tensors.clear();
            bare.forEach((name, tensor) -> tensors.put(renaming.apply(name), tensor));
          });
      assertThat(logits(family, ModelFolder.read(folder), 2, 5)).isDeepEqualTo(plain);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ROBERTA, encoder.layer.1.output.dense.bias, encoder.layer.1.output.dense.bias",
    "DISTILBERT, distilbert.transformer.layer.0.attention.q_lin.weight, transformer.layer.0.attention.q_lin.weight",
    "ELECTRA, electra.embeddings_project.bias, embeddings_project.bias"
  })
  void aTensorThatIsWrongIsNamedAsInTheFile(Family family, String stored, String named)
      throws IOException {
    Path folder = copy(family);
    rewrite(folder, tensors -> tensors.put(stored, Tensor.of(new float[5], 5)));
    assertRefused(folder, "model.safetensors: tensor " + named + " has shape [5]");
    rewrite(folder, tensors -> tensors.remove(stored));
    assertRefused(folder, "model.safetensors: tensor " + named + " is missing");
  }

  @Test
  void anUnknownTypeIsRefusedWithTheKnownOnes() throws IOException {
    Path folder = copy(Family.ROBERTA);
    config(folder, json -> json.put("model_type", "gpt2"));
    assertRefused(
        folder, "config.json: model_type is 'gpt2', supported: bert, roberta, distilbert, electra");
  }

  @ParameterizedTest
  @CsvSource({
    "DISTILBERT, sinusoidal_pos_embds, true",
    "DISTILBERT, n_heads, 3",
    "DISTILBERT, seq_classif_dropout, 1",
    "DISTILBERT, activation, '\"silu\"'",
    "ROBERTA, position_embedding_type, '\"relative_key\"'",
    "ROBERTA, is_decoder, true",
    "ROBERTA, pad_token_id, 30",
    "ELECTRA, embedding_size, null",
    "ELECTRA, layer_norm_eps, 0"
  })
  void aVariantThatIsNotBuiltHereIsRefusedByField(Family family, String field, String value)
      throws IOException {
    Path folder = copy(family);
    JsonNode set = Json.MAPPER.readTree(value);
    config(folder, json -> json.set(field, set));
    assertRefused(folder, "config.json: ", field);
  }

  @Test
  void robertaHoldsFewerTokensThanItsPositions() throws IOException {
    EncoderConfig config = ModelFolder.read(copy(Family.ROBERTA)).config();
    assertThat(config.longestInput()).isEqualTo(26 - 2);
    config.requireFits(split(24, 0));
    assertThatThrownBy(() -> config.requireFits(split(25, 0)))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("25 tokens, the model holds 24");
  }

  @ParameterizedTest
  @CsvSource({"BERT,true", "ROBERTA,false", "DISTILBERT,false", "ELECTRA,true"})
  void segmentsMatterWhereTheyAreRead(Family family, boolean read) throws IOException {
    EncoderConfig config = ModelFolder.read(copy(family)).config();
    if (read) {
      assertThatThrownBy(() -> config.requireFits(split(4, 2)))
          .isInstanceOf(InvalidModelException.class)
          .hasMessageContaining("segment 2");
    } else {
      config.requireFits(split(4, 2));
    }
  }

  private static Split split(int length, int segment) {
    int[] segments = new int[length];
    Arrays.fill(segments, segment);
    return new Split(new int[][] {new int[length]}, new int[][] {segments}, new float[1]);
  }

  /** Saves a model with three new outputs. */
  private Path saved(Family family, ModelFolder source, double dropout) throws IOException {
    Path target = Files.createTempDirectory(directory, "saved");
    try (TextClassifier model =
        new TextClassifier(source, source.config().withDropout(dropout), 3, purpose -> 5)) {
      ModelWriter.write(model, source, TaskKind.CLASSIFICATION, List.of("a", "b", "c"), target);
    }
    return target;
  }

  private static TextClassifier classifier(ModelFolder folder, int outputs, long seed) {
    return new TextClassifier(folder, folder.config(), outputs, purpose -> seed);
  }

  private static float[][] logits(Family family, ModelFolder folder, int outputs, long seed)
      throws IOException {
    try (TextClassifier model = classifier(folder, outputs, seed)) {
      return new Evaluator(model, (step, steps, loss) -> {})
          .run(GoldenFamily.of(family).split(), List.of(), Pooling.CLS)
          .logits();
    }
  }

  private static float[] floats(TextClassifier model, String name) {
    return model.parameters().get(name).toFloatArray();
  }

  private Path copy(Family family) throws IOException {
    Path folder = Files.createTempDirectory(directory, "model");
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(GoldenFamily.folder(family).resolve(file), folder.resolve(file));
    }
    return folder;
  }

  private static void assertRefused(Path folder, String... parts) {
    assertThatThrownBy(() -> ModelFolder.read(folder))
        .isInstanceOf(InvalidModelException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  private static ObjectNode json(Path folder) throws IOException {
    return (ObjectNode) Json.MAPPER.readTree(folder.resolve("config.json").toFile());
  }

  private static void config(Path folder, Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = json(folder);
    change.accept(json);
    Json.MAPPER.writeValue(folder.resolve("config.json").toFile(), json);
  }

  private void rewrite(Path folder, Consumer<Map<String, Tensor>> change) throws IOException {
    Path file = folder.resolve("model.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>(Safetensors.read(file));
    change.accept(tensors);
    Path changed = directory.resolve("changed.safetensors");
    Safetensors.write(changed, tensors);
    Files.move(changed, file, StandardCopyOption.REPLACE_EXISTING);
  }
}
