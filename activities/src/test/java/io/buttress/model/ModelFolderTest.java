package io.buttress.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.encoding.Evaluator;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Model folders in and out, from a copy of the tiny golden BERT. */
class ModelFolderTest {
  private static final String QUERY = "encoder.layer.0.attention.self.query.weight";
  private static final long SEED = 5;

  @TempDir Path directory;
  private Path folder;
  private JsonNode golden;

  @BeforeEach
  void copyTheGoldenModel() throws Exception {
    Path source =
        Path.of(getClass().getResource("/io/buttress/golden/config.json").toURI()).getParent();
    golden = Json.MAPPER.readTree(source.resolve("golden.json").toFile());
    folder = Files.createDirectory(directory.resolve("model"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(source.resolve(file), folder.resolve(file));
    }
  }

  @Test
  void aSavedModelIsReadBackToTheSameBits() throws IOException {
    ModelFolder source = ModelFolder.read(folder);
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    Path saved = Files.createDirectory(directory.resolve("saved"));
    float[][] logits;
    try (TextClassifier model = classifier(source, 3)) {
      ModelWriter.write(
          model, source, TaskKind.CLASSIFICATION, List.of("no", "maybe", "yes"), saved);
      logits = logits(model);
    }

    // Other seeds: everything, the head too, comes from the files.
    ModelFolder again = ModelFolder.read(saved);
    try (TextClassifier model = new TextClassifier(again, again.config(), 3, purpose -> 99)) {
      assertThat(logits(model)).isDeepEqualTo(logits);
    }
    JsonNode config = Json.MAPPER.readTree(saved.resolve("config.json").toFile());
    assertThat(config.at("/architectures/0").asText()).isEqualTo("BertForSequenceClassification");
    assertThat(config.at("/id2label/1").asText()).isEqualTo("maybe");
    assertThat(config.at("/label2id/yes").asInt()).isEqualTo(2);
    assertThat(config.path("problem_type").asText()).isEqualTo("single_label_classification");
    assertThat(Safetensors.read(saved.resolve("model.safetensors")).keySet())
        .contains("bert." + QUERY, "bert.pooler.dense.bias", "classifier.weight")
        .allMatch(name -> name.startsWith("bert.") || name.startsWith("classifier."));
    assertThat(saved.resolve("tokenizer.json")).exists();
  }

  @Test
  void aHeadForOtherLabelsIsDrawnAnew() throws IOException {
    Path saved = Files.createDirectory(directory.resolve("saved"));
    ModelFolder source = ModelFolder.read(folder);
    try (TextClassifier model = classifier(source, 3)) {
      ModelWriter.write(model, source, TaskKind.CLASSIFICATION, List.of("a", "b", "c"), saved);
    }
    try (TextClassifier fresh = classifier(source, 2);
        TextClassifier other = classifier(ModelFolder.read(saved), 2)) {
      assertThat(floats(other, "classifier.weight")).isEqualTo(floats(fresh, "classifier.weight"));
      assertThat(floats(other, "classifier.bias")).containsOnly(0);
    }
  }

  @Test
  void prefixesOldNamesAndForeignHeadsMakeNoDifference() throws IOException {
    float[][] plain = logits();
    rewrite(
        tensors -> {
          Map<String, Tensor> renamed = new LinkedHashMap<>();
          tensors.forEach(
              (name, tensor) ->
                  renamed.put(
                      "bert."
                          + name.replace("LayerNorm.weight", "LayerNorm.gamma")
                              .replace("LayerNorm.bias", "LayerNorm.beta"),
                      tensor));
          renamed.put("cls.predictions.bias", Tensor.of(new float[64], 64));
          tensors.clear();
          tensors.putAll(renamed);
        });
    assertThat(logits()).isDeepEqualTo(plain);
  }

  @ParameterizedTest
  @ValueSource(strings = {"F16", "BF16"})
  void halfPrecisionIsWidenedExactly(String dtype) throws IOException {
    float[] original = Safetensors.read(folder.resolve("model.safetensors")).get(QUERY).floats();
    rewrite(tensors -> tensors.put(QUERY, half(tensors.get(QUERY), dtype)));
    try (TextClassifier model = classifier(ModelFolder.read(folder), 2)) {
      float[] widened = floats(model, QUERY);
      for (int i = 0; i < original.length; i++) {
        // Truncation loses at most one unit of the last kept place.
        float unit = Math.abs(original[i]) * (dtype.equals("F16") ? 0x1p-10f : 0x1p-7f);
        assertThat(widened[i]).isCloseTo(original[i], within(unit + 0x1p-24f));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0000,0.0", "3c00,1.0", "c000,-2.0", "7bff,65504.0", "0001,5.9604645E-8"})
  void float16ByItsDefinition(String bits, float value) {
    assertThat(ModelFolder.fromFloat16((short) Integer.parseInt(bits, 16))).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gelu_new", "gelu_pytorch_tanh", "relu"})
  void activationsEqualTransformers(String activation) throws IOException {
    config(json -> json.put("hidden_act", activation));
    float[][] logits;
    try (TextClassifier model =
        new TextClassifier(
            ModelFolder.read(folder),
            ModelFolder.read(folder).config(),
            2,
            purpose -> io.buttress.study.Seeds.derive(7, purpose, 0))) {
      logits = logits(model);
    }
    JsonNode theirs = golden.get("activations").get(activation);
    for (int i = 0; i < logits.length; i++) {
      assertThat(logits[i])
          .containsExactly(Json.MAPPER.convertValue(theirs.get(i), float[].class), within(1e-5f));
    }
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    rewrite(tensors -> tensors.remove(QUERY));
    assertRefused("model.safetensors: tensor " + QUERY + " is missing");
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithBothShapes() throws IOException {
    rewrite(tensors -> tensors.put(QUERY, Tensor.of(new float[16 * 15], 16, 15)));
    assertRefused("tensor " + QUERY + " has shape [16, 15]", "[16, 16]");
  }

  @Test
  void aTensorOfAnotherTypeIsNamed() throws IOException {
    rewrite(tensors -> tensors.put("encoder.layer.0.output.dense.bias", integers(16)));
    assertRefused("encoder.layer.0.output.dense.bias is I32");
  }

  @Test
  void aTensorThatBelongsToNoPartIsNamed() throws IOException {
    rewrite(tensors -> tensors.put("encoder.layer.2.output.dense.bias", integers(16)));
    assertRefused("tensor encoder.layer.2.output.dense.bias is not part of the architecture");
  }

  @ParameterizedTest
  @CsvSource({
    "model_type,gpt2",
    "position_embedding_type,relative_key",
    "is_decoder,true",
    "add_cross_attention,true",
    "pad_token_id,64",
    "hidden_act,swish",
    "hidden_size,many",
    "hidden_dropout_prob,2"
  })
  void aConfigThatIsNotBuiltHereIsRefusedByField(String field, String value) throws IOException {
    config(json -> json.put(field, value));
    assertRefused("config.json: " + field);
  }

  @Test
  void aPickleIsRefusedWithTheWayOut() throws IOException {
    Files.move(folder.resolve("model.safetensors"), folder.resolve("pytorch_model.bin"));
    assertRefused("pytorch_model.bin", "pickle", "save_pretrained");
  }

  @Test
  void aTruncatedFileIsRefused() throws IOException {
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    assertRefused("model.safetensors");
  }

  @Test
  void inputsMustFitTheEmbeddingTables() throws IOException {
    EncoderConfig config = ModelFolder.read(folder).config();
    int[][] types = {new int[25]};
    assertThatThrownBy(
            () -> config.requireFits(new Split(new int[][] {new int[25]}, types, new float[1])))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("25 tokens");
    int[][] unknown = {{2, 64, 3}};
    assertThatThrownBy(() -> config.requireFits(new Split(unknown, types, new float[1])))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("64");
  }

  private void assertRefused(String... parts) {
    assertThatThrownBy(() -> ModelFolder.read(folder))
        .isInstanceOf(InvalidModelException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  private void config(Consumer<ObjectNode> change) throws IOException {
    Path file = folder.resolve("config.json");
    ObjectNode json = (ObjectNode) Json.MAPPER.readTree(file.toFile());
    change.accept(json);
    Json.MAPPER.writeValue(file.toFile(), json);
  }

  private void rewrite(Consumer<Map<String, Tensor>> change) throws IOException {
    Path file = folder.resolve("model.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>(Safetensors.read(file));
    change.accept(tensors);
    Path changed = directory.resolve("changed.safetensors");
    Safetensors.write(changed, tensors);
    Files.move(changed, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private float[][] logits() throws IOException {
    try (TextClassifier model = classifier(ModelFolder.read(folder), 2)) {
      return logits(model);
    }
  }

  private float[][] logits(TextClassifier model) {
    int[][][] examples = Json.MAPPER.convertValue(golden.get("examples"), int[][][].class);
    int[][] ids = new int[examples.length][];
    int[][] types = new int[examples.length][];
    for (int i = 0; i < examples.length; i++) {
      ids[i] = examples[i][0];
      types[i] = examples[i][1];
    }
    return new Evaluator(model, (step, steps, loss) -> {})
        .run(new Split(ids, types, new float[ids.length]), List.of(), Pooling.CLS)
        .logits();
  }

  private static TextClassifier classifier(ModelFolder folder, int outputs) {
    return new TextClassifier(folder, folder.config(), outputs, purpose -> SEED);
  }

  private static float[] floats(TextClassifier model, String name) {
    NDArray parameter = model.parameters().get(name);
    return parameter.toFloatArray();
  }

  private static Tensor integers(int n) {
    return Tensor.of(new int[n]);
  }

  /** Cuts float32 values to 16 bits; normal numbers only. */
  private static Tensor half(Tensor tensor, String dtype) {
    FloatBuffer values = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    ByteBuffer bytes = ByteBuffer.allocate(values.remaining() * 2).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      int bits = Float.floatToIntBits(values.get());
      int exponent = (bits >>> 23 & 0xff) - 112;
      int f16 = exponent <= 0 ? 0 : exponent << 10 | bits >>> 13 & 0x3ff;
      bytes.putShort((short) (dtype.equals("BF16") ? bits >>> 16 : bits >>> 16 & 0x8000 | f16));
    }
    return new Tensor(dtype, tensor.shape(), bytes.flip());
  }
}
