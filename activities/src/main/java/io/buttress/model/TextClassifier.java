package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.model.Forward.Product;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToLongFunction;

/**
 * An encoder with a head on {@code [CLS]}: pooler (linear, activation), dropout, linear. Equal to
 * transformers' {@code *ForSequenceClassification} of its {@link Family}: the activation is tanh,
 * DistilBERT's relu, ELECTRA's gelu; RoBERTa and ELECTRA have dropout before the pooler, too. Holds
 * its parameters until it is closed.
 */
public final class TextClassifier implements AutoCloseable {
  static final String POOLER = "pooler.dense";
  static final String HEAD = "classifier";

  private final NDManager manager;
  private final EncoderConfig config;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final Encoder encoder;

  /**
   * What one forward pass gives.
   *
   * @param hiddenStates {@code [n, H]}, of the batch's n tokens: embeddings, then every layer
   * @param pooled {@code [batch, H]}, the pooler's output before dropout
   * @param logits {@code [batch, labels]}; for regression {@code [batch, 1]}
   */
  public record Output(List<NDArray> hiddenStates, NDArray pooled, NDArray logits) {}

  /**
   * Puts a model on the engine's default device. Pooler and last layer are each taken from the
   * folder where their shapes fit; otherwise weights are drawn from N(0, {@code
   * initializer_range}), row by row, by {@link Random#nextGaussian}, and biases are 0.
   *
   * @param config the folder's, or with another dropout
   * @param outputs number of labels; 1 for regression
   * @param seeds purpose ({@code pooler}, {@code head}) to the seed of a {@link Random}
   */
  public TextClassifier(
      ModelFolder folder, EncoderConfig config, int outputs, ToLongFunction<String> seeds) {
    this(folder, config, outputs, seeds, false);
  }

  /**
   * As the other constructor, in a precision.
   *
   * @param bfloat16 whether training passes compute the encoder's linear layers and attention in
   *     bfloat16, with weights and gradients in float32
   */
  public TextClassifier(
      ModelFolder folder,
      EncoderConfig config,
      int outputs,
      ToLongFunction<String> seeds,
      boolean bfloat16) {
    this.config = config;
    manager = NDManager.newBaseManager();
    manager.setName("model");
    config
        .encoderShapes()
        .forEach((name, shape) -> put(name, folder.find(name, shape).orElseThrow(), shape));
    linear(folder, POOLER, config.hiddenSize(), "pooler", seeds);
    linear(folder, HEAD, outputs, "head", seeds);
    encoder = new Encoder(config, parameters, bfloat16);
  }

  private void linear(
      ModelFolder folder, String name, int outputs, String purpose, ToLongFunction<String> seeds) {
    int inputs = config.hiddenSize();
    var weight = folder.find(name + ".weight", outputs, inputs);
    var bias = folder.find(name + ".bias", outputs);
    if (weight.isPresent() && bias.isPresent()) {
      put(name + ".weight", weight.get(), outputs, inputs);
      put(name + ".bias", bias.get(), outputs);
      return;
    }
    float[] drawn = normal(outputs * inputs, config.initializerRange(), seeds.applyAsLong(purpose));
    parameters.put(name + ".weight", manager.create(drawn, new Shape(outputs, inputs)).duplicate());
    put(name + ".bias", manager.allocateDirect(4 * outputs), outputs);
  }

  /** Draws from N(0, deviation), one after the other, by {@link Random#nextGaussian}. */
  public static float[] normal(int size, double deviation, long seed) {
    Random random = new Random(seed);
    float[] drawn = new float[size];
    for (int i = 0; i < size; i++) {
      drawn[i] = (float) (random.nextGaussian() * deviation);
    }
    return drawn;
  }

  /** Gives a parameter new values, row by row. */
  public void assign(String parameter, float[] values) {
    NDArray target = parameters.get(parameter);
    try (NDArray source = manager.create(values, target.getShape())) {
      TorchOps.assign(target, source);
    }
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
   * @param forward what kind of pass
   */
  public Output forward(Batch batch, Forward forward) {
    List<NDArray> states = encoder.hiddenStates(batch, forward);
    NDArray cls = Pooling.CLS.apply(states.get(config.layers()), batch);
    NDArray input = config.family().dropsPoolerInput() ? dropout(cls, forward) : cls;
    NDArray pooled =
        config.family().poolerActivation(encoder.linear(input, POOLER, forward, Product.FP32));
    NDArray logits = encoder.linear(dropout(pooled, forward), HEAD, forward, Product.FP32);
    return new Output(states, pooled, logits);
  }

  private NDArray dropout(NDArray x, Forward forward) {
    return encoder.dropout(x, config.classifierDropout(), forward);
  }

  /**
   * Parameters in forward order, by the same names in every family: the encoder's as transformers'
   * {@code BertModel} has them (and {@code embeddings_project} between ELECTRA's embeddings and its
   * first layer), then {@code pooler.dense} and {@code classifier}.
   */
  public Map<String, NDArray> parameters() {
    return Collections.unmodifiableMap(parameters);
  }

  Encoder encoder() {
    return encoder;
  }

  public EncoderConfig config() {
    return config;
  }

  /** Lives as long as the model. */
  public NDManager manager() {
    return manager;
  }

  @Override
  public void close() {
    manager.close();
  }
}
