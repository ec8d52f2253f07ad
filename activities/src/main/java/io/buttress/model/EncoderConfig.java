package io.buttress.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The architecture of a BERT encoder (Devlin et al. 2019), from a Hugging Face {@code config.json}.
 *
 * @param hiddenSize H
 * @param activation {@code gelu}, {@code gelu_new}, {@code gelu_pytorch_tanh} or {@code relu}
 * @param hiddenDropout after embeddings, attention outputs and feed-forward outputs
 * @param attentionDropout on attention probabilities
 * @param classifierDropout before the head
 * @param initializerRange standard deviation of a new head's weights
 */
public record EncoderConfig(
    int vocabulary,
    int hiddenSize,
    int layers,
    int heads,
    int intermediateSize,
    int positions,
    int types,
    int padId,
    String activation,
    double layerNormEpsilon,
    double hiddenDropout,
    double attentionDropout,
    double classifierDropout,
    double initializerRange) {

  /** The config's JSON, as it is. */
  static ObjectNode json(Path file, String name) throws IOException {
    try {
      if (Json.MAPPER.readTree(Files.readAllBytes(file)) instanceof ObjectNode object) {
        return object;
      }
      throw new InvalidModelException(name + ": not a JSON object");
    } catch (NoSuchFileException e) {
      throw new InvalidModelException(
          name + ": no such file; a model is a Hugging Face folder with config.json");
    } catch (JsonProcessingException e) {
      throw new InvalidModelException(name + ": not valid JSON");
    }
  }

  /**
   * Reads what the forward pass needs; defaults are those of transformers.
   *
   * @throws InvalidModelException when the architecture is not one that is built here
   */
  static EncoderConfig of(ObjectNode json, String file) throws InvalidModelException {
    Fields fields = new Fields(json, file);
    fields.oneOf("model_type", "", "bert");
    fields.oneOf("position_embedding_type", "absolute", "absolute");
    String activation =
        fields.oneOf("hidden_act", "gelu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu");
    double hiddenDropout = fields.rate("hidden_dropout_prob", 0.1);
    EncoderConfig config =
        new EncoderConfig(
            fields.size("vocab_size"),
            fields.size("hidden_size"),
            fields.size("num_hidden_layers"),
            fields.size("num_attention_heads"),
            fields.size("intermediate_size"),
            fields.size("max_position_embeddings"),
            fields.size("type_vocab_size"),
            json.path("pad_token_id").asInt(0),
            activation,
            json.path("layer_norm_eps").asDouble(1e-12),
            hiddenDropout,
            fields.rate("attention_probs_dropout_prob", 0.1),
            fields.rate("classifier_dropout", hiddenDropout),
            json.path("initializer_range").asDouble(0.02));
    if (config.hiddenSize % config.heads != 0) {
      throw new InvalidModelException(
          file + ": hidden_size " + config.hiddenSize + " is no multiple of num_attention_heads");
    }
    return config;
  }

  /** The same architecture with one rate for hidden, attention and classifier dropout. */
  public EncoderConfig withDropout(double rate) {
    return new EncoderConfig(
        vocabulary,
        hiddenSize,
        layers,
        heads,
        intermediateSize,
        positions,
        types,
        padId,
        activation,
        layerNormEpsilon,
        rate,
        rate,
        rate,
        initializerRange);
  }

  /**
   * An index into the hidden states, numbered as transformers' {@code hidden_states}.
   *
   * @param layer 0 = embeddings, ..., {@link #layers} = last; negative counts from the end
   * @return 0 to {@link #layers}
   * @throws IllegalArgumentException when there is no such layer
   */
  public int resolveLayer(int layer) {
    int resolved = layer < 0 ? layers + 1 + layer : layer;
    if (resolved < 0 || resolved > layers) {
      throw new IllegalArgumentException(noSuchLayer(layer));
    }
    return resolved;
  }

  private String noSuchLayer(int layer) {
    return "layer " + layer + ": the model has hidden states 0 to " + layers + " (-1 is the last)";
  }

  /**
   * Checks layers that a study asks for.
   *
   * @throws InvalidModelException when the model lacks one of them
   */
  public void requireLayers(List<Integer> wanted) throws InvalidModelException {
    for (int layer : wanted) {
      if (layer > layers || layer < -layers - 1) {
        throw new InvalidModelException(noSuchLayer(layer));
      }
    }
  }

  /**
   * Checks tokenized examples against the embedding tables.
   *
   * @throws InvalidModelException when an input is too long or a token unknown
   */
  public void requireFits(Split split) throws InvalidModelException {
    for (int i = 0; i < split.size(); i++) {
      int length = split.inputIds()[i].length;
      if (length > positions) {
        throw new InvalidModelException(
            "training.maxLength: an input has " + length + " tokens, the model holds " + positions);
      }
      for (int j = 0; j < length; j++) {
        if (split.inputIds()[i][j] >= vocabulary || split.tokenTypeIds()[i][j] >= types) {
          throw new InvalidModelException(
              "tokenizer.json makes token id "
                  + split.inputIds()[i][j]
                  + " of segment "
                  + split.tokenTypeIds()[i][j]
                  + "; by config.json the model has "
                  + vocabulary
                  + " tokens and "
                  + types
                  + " segments: they belong to different models");
        }
      }
    }
  }

  /** Shapes of the encoder's parameters by transformers' name, without {@code bert.}. */
  Map<String, long[]> encoderShapes() {
    long h = hiddenSize;
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("embeddings.word_embeddings.weight", new long[] {vocabulary, h});
    shapes.put("embeddings.position_embeddings.weight", new long[] {positions, h});
    shapes.put("embeddings.token_type_embeddings.weight", new long[] {types, h});
    put(shapes, "embeddings.LayerNorm", h);
    for (int i = 0; i < layers; i++) {
      String layer = "encoder.layer." + i + ".";
      put(shapes, layer + "attention.self.query", h, h);
      put(shapes, layer + "attention.self.key", h, h);
      put(shapes, layer + "attention.self.value", h, h);
      put(shapes, layer + "attention.output.dense", h, h);
      put(shapes, layer + "attention.output.LayerNorm", h);
      put(shapes, layer + "intermediate.dense", intermediateSize, h);
      put(shapes, layer + "output.dense", h, intermediateSize);
      put(shapes, layer + "output.LayerNorm", h);
    }
    return shapes;
  }

  private static void put(Map<String, long[]> shapes, String name, long... weight) {
    shapes.put(name + ".weight", weight);
    shapes.put(name + ".bias", new long[] {weight[0]});
  }

  private record Fields(JsonNode json, String file) {

    String oneOf(String field, String absent, String... known) throws InvalidModelException {
      String value = json.path(field).asText(absent);
      if (!List.of(known).contains(value)) {
        throw new InvalidModelException(
            file + ": " + field + " is '" + value + "', supported: " + String.join(", ", known));
      }
      return value;
    }

    int size(String field) throws InvalidModelException {
      JsonNode value = json.path(field);
      if (!value.isInt() || value.intValue() < 1) {
        throw new InvalidModelException(file + ": " + field + " must be a positive integer");
      }
      return value.intValue();
    }

    double rate(String field, double absent) throws InvalidModelException {
      JsonNode value = json.path(field);
      double rate = value.isMissingNode() || value.isNull() ? absent : value.asDouble(-1);
      if (!(rate >= 0 && rate < 1)) {
        throw new InvalidModelException(file + ": " + field + " must be in [0, 1)");
      }
      return rate;
    }
  }
}
