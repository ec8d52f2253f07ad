package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The forward pass of a post-LayerNorm transformer (Vaswani et al. 2017; BERT: Devlin et al. 2019)
 * in plain array operations, for every {@link Family}. Equal to transformers' {@code BertModel}
 * without its pooler, {@code RobertaModel}, {@code DistilBertModel} and {@code ElectraModel}.
 */
final class Encoder {
  private final EncoderConfig config;
  private final Map<String, NDArray> parameters;
  private final TorchOps ops;

  /**
   * @param parameters by the names of {@link EncoderConfig#encoderShapes}
   */
  Encoder(EncoderConfig config, Map<String, NDArray> parameters, TorchOps ops) {
    this.config = config;
    this.parameters = parameters;
    this.ops = ops;
  }

  /**
   * All hidden states, {@code [batch, length, H]} each: embeddings first, the last layer last.
   *
   * @param forward what kind of pass
   */
  List<NDArray> hiddenStates(Batch batch, Forward forward) {
    List<NDArray> states = new ArrayList<>(config.layers() + 1);
    NDArray x = embeddings(batch, forward);
    states.add(x);
    for (int i = 0; i < config.layers(); i++) {
      x = layer(x, batch.mask(), "encoder.layer." + i + ".", forward);
      states.add(x);
    }
    return states;
  }

  /** {@code [batch, length, H]}. */
  private NDArray embeddings(Batch batch, Forward forward) {
    NDArray sum = forward.tokens(embed(batch.inputIds(), "word_embeddings"));
    if (config.family().hasSegmentTable()) {
      sum = sum.add(embed(segments(batch), "token_type_embeddings"));
    }
    sum = sum.add(embed(positions(batch.inputIds()), "position_embeddings"));
    NDArray embedded = dropout(norm(sum, "embeddings.LayerNorm"), forward);
    return config.embeddingSize() == config.hiddenSize()
        ? embedded
        : linear(embedded, "embeddings_project", forward);
  }

  private NDArray segments(Batch batch) {
    return config.family().readsSegments()
        ? batch.tokenTypeIds()
        : batch.inputIds().getManager().zeros(new Shape(1, 1), DataType.INT64);
  }

  /** {@code [1, length]}, or {@code [batch, length]} where it depends on the tokens. */
  private NDArray positions(NDArray ids) {
    NDManager manager = ids.getManager();
    if (config.family().countsPositionsFromPad()) {
      NDArray pad = manager.full(new Shape(), config.padId(), DataType.INT64);
      NDArray real = ids.neq(pad).toType(DataType.INT64, false);
      return real.cumSum(1).mul(real).add(pad);
    }
    return manager.arange(0, (int) ids.getShape().get(1), 1, DataType.INT64).expandDims(0);
  }

  private NDArray layer(NDArray x, NDArray mask, String name, Forward forward) {
    NDArray attended = selfAttention(x, mask, name + "attention.self.", forward);
    attended = linear(attended, name + "attention.output.dense", forward);
    if (config.family().dropsAttentionOutput()) {
      attended = dropout(attended, forward);
    }
    NDArray y = norm(attended.add(x), name + "attention.output.LayerNorm");
    NDArray inner = activation(linear(y, name + "intermediate.dense", forward));
    inner = dropout(linear(inner, name + "output.dense", forward), forward);
    return norm(inner.add(y), name + "output.LayerNorm");
  }

  private NDArray selfAttention(NDArray x, NDArray mask, String name, Forward forward) {
    NDArray query = heads(linear(x, name + "query", forward));
    NDArray key = heads(linear(x, name + "key", forward));
    NDArray value = heads(linear(x, name + "value", forward));
    double rate = forward.training() ? forward.dropout(config.attentionDropout()) : 0;
    NDArray mixed = ops.attention(query, key, value, mask, rate);
    return mixed.transpose(0, 2, 1, 3).reshape(x.getShape());
  }

  /** {@code [batch, length, H]} to {@code [batch, heads, length, H / heads]}. */
  private NDArray heads(NDArray x) {
    Shape shape = x.getShape();
    int size = config.hiddenSize() / config.heads();
    return x.reshape(shape.get(0), shape.get(1), config.heads(), size).transpose(0, 2, 1, 3);
  }

  private NDArray activation(NDArray x) {
    return switch (config.activation()) {
      case "relu" -> Activation.relu(x);
      case "gelu" -> Activation.gelu(x);
      default -> ops.geluTanh(x);
    };
  }

  private NDArray embed(NDArray ids, String name) {
    NDArray table = parameters.get("embeddings." + name + ".weight");
    return Embedding.embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
  }

  NDArray linear(NDArray x, String name, Forward forward) {
    NDArray weight = parameters.get(name + ".weight");
    return forward.linear(name, x, weight, parameters.get(name + ".bias"));
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

  static NDArray dropout(NDArray x, double configured, Forward forward) {
    double rate = forward.training() ? forward.dropout(configured) : 0;
    return rate > 0 ? Dropout.dropout(x, (float) rate, true).singletonOrThrow() : x;
  }
}
