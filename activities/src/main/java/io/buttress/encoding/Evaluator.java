package io.buttress.encoding;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.model.Batch;
import io.buttress.model.Forward;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.model.TextClassifier.Output;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Runs a model over a split in evaluation mode. Examples are batched by length, which saves
 * padding; results come back in the split's order.
 */
public final class Evaluator {
  private static final int BATCH = 64;

  /** Most examples of which {@link #runWithEveryLayer} keeps every layer. */
  public static final int SAMPLE = 256;

  private final TextClassifier model;
  private final Forward forward;
  private final Progress progress;

  public Evaluator(TextClassifier model, Progress progress) {
    this(model, Forward.EVALUATION, progress);
  }

  /**
   * @param forward a pass in evaluation mode
   */
  public Evaluator(TextClassifier model, Forward forward, Progress progress) {
    this.model = model;
    this.forward = forward;
    this.progress = progress;
  }

  /**
   * What the model says about every example.
   *
   * @param logits {@code [examples][outputs]}
   * @param representations {@code [examples x H]} row by row, by layer as requested
   * @param everyLayer every hidden state from 0, of the first {@value #SAMPLE} examples at most;
   *     none unless asked for
   */
  public record Outputs(
      float[][] logits, Map<Integer, float[]> representations, Map<Integer, float[]> everyLayer) {}

  /**
   * @param layers hidden states to keep, numbered as {@link
   *     io.buttress.model.EncoderConfig#resolveLayer}
   */
  public Outputs run(Split split, List<Integer> layers, Pooling pooling) {
    return run(split, layers, List.of(), pooling);
  }

  /** The same, with every layer of the first examples. */
  public Outputs runWithEveryLayer(Split split, List<Integer> layers, Pooling pooling) {
    List<Integer> all = IntStream.rangeClosed(0, model.config().layers()).boxed().toList();
    return run(split, layers, all, pooling);
  }

  private Outputs run(
      Split split, List<Integer> layers, List<Integer> everyLayer, Pooling pooling) {
    Outputs outputs =
        new Outputs(
            new float[split.size()][],
            rows(layers, split.size()),
            rows(everyLayer, sampled(split.size())));
    forEachBatch(
        split,
        (batch, output) -> {
          scatter(output.logits(), batch.rows(), outputs.logits());
          outputs.representations().forEach((layer, z) -> keep(layer, output, batch, pooling, z));
          outputs.everyLayer().forEach((layer, z) -> keep(layer, output, batch, pooling, z));
        });
    return outputs;
  }

  private Map<Integer, float[]> rows(List<Integer> layers, int count) {
    Map<Integer, float[]> byLayer = new LinkedHashMap<>();
    int size = Math.multiplyExact(count, model.config().hiddenSize());
    layers.forEach(layer -> byLayer.put(layer, new float[size]));
    return byLayer;
  }

  /** Copies the representations of examples that the target has rows for. */
  private void keep(int layer, Output output, Batch batch, Pooling pooling, float[] target) {
    int width = model.config().hiddenSize();
    int kept = target.length / width;
    if (Arrays.stream(batch.rows()).noneMatch(row -> row < kept)) {
      return;
    }
    NDArray state = output.hiddenStates().get(model.config().resolveLayer(layer));
    float[] pooled = pooling.apply(state, batch).toFloatArray();
    for (int i = 0; i < batch.size(); i++) {
      int row = batch.rows()[i];
      if (row < kept) {
        System.arraycopy(pooled, i * width, target, row * width, width);
      }
    }
  }

  /** The split's first {@value #SAMPLE} examples, on which collapse is followed. */
  public static Split sample(Split split) {
    return split.rows(IntStream.range(0, sampled(split.size())).toArray());
  }

  /** How many of so many examples are in the sample. */
  static int sampled(int examples) {
    return Math.min(SAMPLE, examples);
  }

  /** The pooler's output of every example, {@code [examples][H]}. */
  public float[][] pooled(Split split) {
    float[][] pooled = new float[split.size()][];
    forEachBatch(split, (batch, output) -> scatter(output.pooled(), batch.rows(), pooled));
    return pooled;
  }

  private void forEachBatch(Split split, BiConsumer<Batch, Output> use) {
    int[] order = byLength(split);
    for (int from = 0; from < order.length; from += BATCH) {
      int[] rows = Arrays.copyOfRange(order, from, Math.min(order.length, from + BATCH));
      try (NDManager scope = model.manager().newSubManager()) {
        Batch batch = Batch.of(split, rows, model.config(), scope);
        use.accept(batch, model.forward(batch, forward));
      }
      progress.at(from + rows.length, order.length, null);
    }
  }

  /** Row i of the array becomes row {@code rows[i]} of the target. */
  private static void scatter(NDArray array, int[] rows, float[][] target) {
    float[] values = array.toFloatArray();
    int width = values.length / rows.length;
    for (int i = 0; i < rows.length; i++) {
      target[rows[i]] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
  }

  private static int[] byLength(Split split) {
    Integer[] order = new Integer[split.size()];
    Arrays.setAll(order, i -> i);
    // A stable sort: equal lengths stay in file order, so batches are the same every time.
    Arrays.sort(order, Comparator.comparingInt(i -> split.inputIds()[i].length));
    return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
  }
}
