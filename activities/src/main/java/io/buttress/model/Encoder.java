package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.norm.LayerNorm;
import io.buttress.model.Forward.Product;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The forward pass of a post-LayerNorm transformer (Vaswani et al. 2017; BERT: Devlin et al. 2019)
 * in plain array operations, for every {@link Family}, on real tokens only: but for attention every
 * operation is one on single tokens, which padding would waste. Equal to transformers' {@code
 * BertModel} without its pooler, {@code RobertaModel}, {@code DistilBertModel} and {@code
 * ElectraModel}.
 */
final class Encoder {
  private final EncoderConfig config;
  private final Map<String, NDArray> parameters;
  private final boolean bfloat16;
  private TrainedTokens trained;

  /**
   * @param parameters by the names of {@link EncoderConfig#encoderShapes}
   * @param bfloat16 whether training passes compute linear layers and attention in bfloat16;
   *     residuals, LayerNorm and what comes out stay float32 (Micikevicius et al. 2018, section 3)
   */
  Encoder(EncoderConfig config, Map<String, NDArray> parameters, boolean bfloat16) {
    this.config = config;
    this.parameters = parameters;
    this.bfloat16 = bfloat16;
  }

  /**
   * Makes training passes look word embeddings up in the rows that are trained.
   *
   * @param tokens null: in the model's own table again
   */
  void train(TrainedTokens tokens) {
    trained = tokens;
  }

  /**
   * All hidden states of a batch's n tokens, {@code [n, H]} each: embeddings first, the last layer
   * last.
   *
   * @param forward what kind of pass
   */
  List<NDArray> hiddenStates(Batch batch, Forward forward) {
    List<NDArray> states = new ArrayList<>(config.layers() + 1);
    NDArray x = embeddings(batch, forward);
    states.add(x);
    for (int i = 0; i < config.layers(); i++) {
      x = layer(x, batch, "encoder.layer." + i + ".", forward);
      states.add(x);
    }
    return states;
  }

  /** {@code [n, H]}. */
  private NDArray embeddings(Batch batch, Forward forward) {
    NDArray sum = forward.tokens(tokens(batch.inputIds(), forward));
    if (config.family().hasSegmentTable()) {
      sum = sum.add(embed(segments(batch), "token_type_embeddings"));
    }
    sum = sum.add(embed(batch.positions(), "position_embeddings"));
    NDArray embedded = dropout(norm(sum, "embeddings.LayerNorm"), forward);
    return config.embeddingSize() == config.hiddenSize()
        ? embedded
        : linear(embedded, "embeddings_project", forward, Product.FP32);
  }

  private NDArray segments(Batch batch) {
    return config.family().readsSegments()
        ? batch.tokenTypeIds()
        : batch.inputIds().getManager().zeros(new Shape(1), DataType.INT64);
  }

  private NDArray layer(NDArray x, Batch batch, String name, Forward forward) {
    Product product = bfloat16 && forward.training() ? TorchOps::linearBfloat16 : Product.FP32;
    NDArray attended = selfAttention(x, batch, name + "attention.self.", forward, product);
    attended = linear(attended, name + "attention.output.dense", forward, product);
    if (config.family().dropsAttentionOutput()) {
      attended = dropout(attended, forward);
    }
    NDArray y = norm(attended.add(x), name + "attention.output.LayerNorm");
    NDArray inner = activation(linear(y, name + "intermediate.dense", forward, product));
    inner = dropout(linear(inner, name + "output.dense", forward, product), forward);
    return norm(inner.add(y), name + "output.LayerNorm");
  }

  private NDArray selfAttention(
      NDArray x, Batch batch, String name, Forward forward, Product product) {
    NDArray query = linear(x, name + "query", forward, product);
    NDArray key = linear(x, name + "key", forward, product);
    NDArray value = linear(x, name + "value", forward, product);
    double rate = forward.training() ? forward.dropout(config.attentionDropout()) : 0;
    return TorchOps.attention(query, key, value, batch, config.heads(), rate);
  }

  private NDArray activation(NDArray x) {
    return switch (config.activation()) {
      case "relu" -> Activation.relu(x);
      case "gelu" -> Activation.gelu(x);
      default -> TorchOps.geluTanh(x);
    };
  }

  private NDArray tokens(NDArray ids, Forward forward) {
    return forward.training() && trained != null
        ? trained.lookUp(ids)
        : embed(ids, "word_embeddings");
  }

  private NDArray embed(NDArray ids, String name) {
    NDArray table = parameters.get("embeddings." + name + ".weight");
    return Embedding.embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
  }

  NDArray linear(NDArray x, String name, Forward forward, Product product) {
    NDArray weight = parameters.get(name + ".weight");
    return forward.linear(name, x, weight, parameters.get(name + ".bias"), product);
  }

  private NDArray norm(NDArray x, String name) {
    NDArray weight = parameters.get(name + ".weight");
    NDArray bias = parameters.get(name + ".bias");
    float epsilon = (float) config.layerNormEpsilon();
    return LayerNorm.layerNorm(x, weight.getShape(), weight, bias, epsilon).singletonOrThrow();
  }

  private NDArray dropout(NDArray x, Forward forward) {
    return dropout(x, config.hiddenDropout(), forward);
  }

  NDArray dropout(NDArray x, double configured, Forward forward) {
    double rate = forward.training() ? forward.dropout(configured) : 0;
    return rate > 0 ? TorchOps.dropout(x, rate) : x;
  }
}
