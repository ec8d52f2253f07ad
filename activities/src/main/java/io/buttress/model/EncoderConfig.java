package io.buttress.model;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The architecture of an encoder, from a Hugging Face {@code config.json}.
 *
 * @param embeddingSize E, width of the embeddings; H but for ELECTRA
 * @param hiddenSize H
 * @param positions rows of the position table
 * @param types rows of the segment table; 0: the family has none
 * @param padId pads a batch, and is where RoBERTa's positions begin
 * @param activation {@code gelu}, {@code gelu_new}, {@code gelu_pytorch_tanh} or {@code relu}
 * @param hiddenDropout after embeddings, attention outputs (not in DistilBERT) and feed-forward
 *     outputs
 * @param attentionDropout on attention probabilities
 * @param classifierDropout before the last linear layer; RoBERTa and ELECTRA: before both of the
 *     head
 * @param initializerRange standard deviation of a new head's weights
 */
@RecordBuilder
public record EncoderConfig(
    Family family,
    int vocabulary,
    int embeddingSize,
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

  /** Activations of the feed-forward layers. */
  private static final List<String> ACTIVATIONS =
      List.of("gelu", "gelu_new", "gelu_pytorch_tanh", "relu");

  /**
   * Reads what the forward pass needs; defaults are those of transformers.
   *
   * @throws InvalidModelException when the architecture is not one that is built here
   */
  static EncoderConfig of(ConfigFields fields) throws InvalidModelException {
    Family family = Family.of(fields);
    ConfigTerms terms = family.terms();
    fields.oneOf("position_embedding_type", "absolute", List.of("absolute"));
    for (String variant : List.of("is_decoder", "add_cross_attention", "sinusoidal_pos_embds")) {
      fields.off(variant);
    }
    int vocabulary = fields.size("vocab_size");
    int hiddenSize = fields.size(terms.hiddenSize());
    double hiddenDropout = fields.rate(terms.hiddenDropout(), 0.1);
    EncoderConfig config =
        EncoderConfigBuilder.builder()
            .family(family)
            .vocabulary(vocabulary)
            .embeddingSize(family.projectsEmbeddings() ? fields.size("embedding_size") : hiddenSize)
            .hiddenSize(hiddenSize)
            .layers(fields.size(terms.layers()))
            .heads(fields.size(terms.heads()))
            .intermediateSize(fields.size(terms.intermediateSize()))
            .positions(fields.size("max_position_embeddings"))
            .types(family.hasSegmentTable() ? fields.size("type_vocab_size") : 0)
            .padId(fields.index("pad_token_id", family.defaultPadId(), vocabulary))
            .activation(fields.oneOf(terms.activation(), "gelu", ACTIVATIONS))
            // transformers fixes DistilBERT's at 1e-12; its config.json has no such field.
            .layerNormEpsilon(
                family == Family.DISTILBERT ? 1e-12 : fields.positive("layer_norm_eps", 1e-12))
            .hiddenDropout(hiddenDropout)
            .attentionDropout(fields.rate(terms.attentionDropout(), 0.1))
            .classifierDropout(
                fields.rate(
                    terms.classifierDropout(), family.defaultClassifierDropout(hiddenDropout)))
            .initializerRange(fields.positive("initializer_range", 0.02))
            .build();
    if (config.hiddenSize % config.heads != 0) {
      throw new InvalidModelException(
          "%s: %s %d is no multiple of %s"
              .formatted(fields.file(), terms.hiddenSize(), hiddenSize, terms.heads()));
    }
    if (config.longestInput() < 1) {
      throw new InvalidModelException(
          fields.file() + ": max_position_embeddings leaves no position after pad_token_id");
    }
    return config;
  }

  /** The same architecture with one rate for hidden, attention and classifier dropout. */
  public EncoderConfig withDropout(double rate) {
    return EncoderConfigBuilder.from(this)
        .hiddenDropout(rate)
        .attentionDropout(rate)
        .classifierDropout(rate)
        .build();
  }

  /**
   * An index into the hidden states, numbered as transformers' {@code hidden_states}.
   *
   * @param layer 0 = embeddings, ..., {@link #layers} = last; negative counts from the end
   * @return 0 to {@link #layers}
   * @throws IllegalArgumentException when there is no such layer
   */
  public int resolveLayer(int layer) {
    Optional<String> missing = missingLayer(layer);
    if (missing.isPresent()) {
      throw new IllegalArgumentException(missing.get());
    }
    return layer < 0 ? layers + 1 + layer : layer;
  }

  /** Why there is no such hidden state, in words; empty when there is one. */
  public Optional<String> missingLayer(int layer) {
    return layer >= -layers - 1 && layer <= layers
        ? Optional.empty()
        : Optional.of(
            "layer %d: the model has hidden states 0 to %d (-1 is the last)"
                .formatted(layer, layers));
  }

  /**
   * Checks layers that a study asks for.
   *
   * @throws InvalidModelException when the model lacks one of them
   */
  public void requireLayers(List<Integer> wanted) throws InvalidModelException {
    for (int layer : wanted) {
      Optional<String> missing = missingLayer(layer);
      if (missing.isPresent()) {
        throw new InvalidModelException(missing.get());
      }
    }
  }

  /** Most tokens of an input, special tokens included. */
  public int longestInput() {
    return family.countsPositionsFromPad() ? positions - padId - 1 : positions;
  }

  /**
   * Checks tokenized examples against the embedding tables.
   *
   * @throws InvalidModelException when an input is too long or a token unknown
   */
  public void requireFits(Split split) throws InvalidModelException {
    for (int i = 0; i < split.size(); i++) {
      int[] tokens = split.inputIds()[i];
      int[] segments = split.tokenTypeIds()[i];
      if (tokens.length > longestInput()) {
        throw new InvalidModelException(
            "training.maxLength: an input has "
                + tokens.length
                + " tokens, the model holds "
                + longestInput());
      }
      for (int j = 0; j < tokens.length; j++) {
        if (tokens[j] >= vocabulary) {
          throw foreignTokenizer("token id " + tokens[j], vocabulary + " tokens");
        }
        if (family.readsSegments() && segments[j] >= types) {
          throw foreignTokenizer("segment " + segments[j], types + " segments");
        }
      }
    }
  }

  private static InvalidModelException foreignTokenizer(String made, String has) {
    return new InvalidModelException(
        "tokenizer.json makes %s; by config.json the model has %s: they belong to different models"
            .formatted(made, has));
  }

  /** Shapes of the encoder's parameters, without pooler, by {@link TextClassifier#parameters}. */
  Map<String, long[]> encoderShapes() {
    long h = hiddenSize;
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(TrainedTokens.TABLE, new long[] {vocabulary, embeddingSize});
    shapes.put("embeddings.position_embeddings.weight", new long[] {positions, embeddingSize});
    if (family.hasSegmentTable()) {
      shapes.put("embeddings.token_type_embeddings.weight", new long[] {types, embeddingSize});
    }
    put(shapes, "embeddings.LayerNorm", embeddingSize);
    if (embeddingSize != hiddenSize) {
      put(shapes, "embeddings_project", h, embeddingSize);
    }
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
}
