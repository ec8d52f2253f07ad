package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToLongFunction;

/**
 * A BERT encoder with a head: pooler (linear, tanh) on {@code [CLS]}, dropout, linear. Equal to
 * transformers' {@code BertForSequenceClassification}. Holds its parameters until it is closed.
 */
public final class BertClassifier implements AutoCloseable {
  private static final String POOLER = "bert.pooler.dense";
  private static final String HEAD = "classifier";

  private final NDManager manager;
  private final TorchOps ops;
  private final BertConfig config;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final BertEncoder encoder;

  /**
   * What one forward pass gives.
   *
   * @param hiddenStates {@code [batch, length, H]}: embeddings, then every layer
   * @param logits {@code [batch, labels]}; for regression {@code [batch, 1]}
   */
  public record Output(List<NDArray> hiddenStates, NDArray logits) {}

  /**
   * Puts a model on the engine's default device. Pooler and head are taken from the folder where
   * their shapes fit; otherwise weights are drawn from N(0, {@code initializer_range}), row by row,
   * by {@link Random#nextGaussian}, and biases are 0.
   *
   * @param config the folder's, or with another dropout
   * @param outputs number of labels; 1 for regression
   * @param seeds purpose ({@code pooler}, {@code head}) to the seed of a {@link Random}
   */
  public BertClassifier(
      ModelFolder folder, BertConfig config, int outputs, ToLongFunction<String> seeds) {
    this.config = config;
    manager = NDManager.newBaseManager();
    manager.setName("model");
    ops = new TorchOps(manager);
    config
        .encoderShapes()
        .forEach(
            (name, shape) -> put("bert." + name, folder.find(name, shape).orElseThrow(), shape));
    linear(folder, POOLER, config.hiddenSize(), "pooler", seeds);
    linear(folder, HEAD, outputs, "head", seeds);
    encoder = new BertEncoder(config, parameters, ops);
  }

  private void linear(
      ModelFolder folder, String name, int outputs, String purpose, ToLongFunction<String> seeds) {
    int inputs = config.hiddenSize();
    String stored = name.replaceFirst("^bert\\.", "");
    var weight = folder.find(stored + ".weight", outputs, inputs);
    var bias = folder.find(stored + ".bias", outputs);
    if (weight.isPresent() && bias.isPresent()) {
      put(name + ".weight", weight.get(), outputs, inputs);
      put(name + ".bias", bias.get(), outputs);
      return;
    }
    Random random = new Random(seeds.applyAsLong(purpose));
    ByteBuffer drawn = manager.allocateDirect(4 * outputs * inputs);
    for (int i = 0; i < outputs * inputs; i++) {
      drawn.putFloat((float) (random.nextGaussian() * config.initializerRange()));
    }
    put(name + ".weight", drawn.flip(), outputs, inputs);
    put(name + ".bias", manager.allocateDirect(4 * outputs), outputs);
  }

  /** Copies float32 values into memory of the engine's own: the optimizer writes to it. */
  private void put(String name, ByteBuffer values, long... shape) {
    try (NDArray view = manager.create(values, new Shape(shape), DataType.FLOAT32)) {
      parameters.put(name, view.duplicate());
    }
  }

  /**
   * The forward pass; arrays attach to the batch's manager.
   *
   * @param training whether dropout is on
   */
  public Output forward(Batch batch, boolean training) {
    List<NDArray> states = encoder.hiddenStates(batch, training);
    NDArray cls = states.get(config.layers()).get(new NDIndex(":, 0"));
    NDArray pooled = Activation.tanh(encoder.linear(cls, POOLER));
    pooled = BertEncoder.dropout(pooled, config.classifierDropout(), training);
    return new Output(states, encoder.linear(pooled, HEAD));
  }

  /** Parameters by transformers' name, in forward order. */
  public Map<String, NDArray> parameters() {
    return Collections.unmodifiableMap(parameters);
  }

  public BertConfig config() {
    return config;
  }

  public TorchOps ops() {
    return ops;
  }

  /** Lives as long as the model. */
  public NDManager manager() {
    return manager;
  }

  @Override
  public void close() {
    ops.close();
    manager.close();
  }
}
