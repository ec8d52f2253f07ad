package io.buttress.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.model.Batch;
import io.buttress.model.Forward;
import io.buttress.model.Pooling;
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

  /** How many examples {@link #everyLayer} takes at most. */
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
  Evaluator(TextClassifier model, Forward forward, Progress progress) {
    this.model = model;
    this.forward = forward;
    this.progress = progress;
  }

  /**
   * What the model says about every example.
   *
   * @param logits {@code [examples][outputs]}
   * @param representations {@code [examples x H]} row by row, by layer as requested
   */
  public record Outputs(float[][] logits, Map<Integer, float[]> representations) {}

  /**
   * @param layers hidden states to keep, numbered as {@link
   *     io.buttress.model.EncoderConfig#resolveLayer}
   */
  public Outputs run(Split split, List<Integer> layers, Pooling pooling) {
    int width = model.config().hiddenSize();
    float[][] logits = new float[split.size()][];
    Map<Integer, float[]> representations = new LinkedHashMap<>();
    layers.forEach(
        layer -> representations.put(layer, new float[Math.multiplyExact(split.size(), width)]));
    forEachBatch(
        split,
        (batch, output) -> {
          scatter(output.logits(), batch.rows(), logits);
          representations.forEach(
              (layer, all) -> {
                int state = model.config().resolveLayer(layer);
                float[] pooled =
                    pooling.apply(output.hiddenStates().get(state), batch).toFloatArray();
                for (int i = 0; i < batch.size(); i++) {
                  System.arraycopy(pooled, i * width, all, batch.rows()[i] * width, width);
                }
              });
        });
    return new Outputs(logits, representations);
  }

  /** The same of the first {@value #SAMPLE} examples, with every hidden state from 0. */
  public Outputs everyLayer(Split split, Pooling pooling) {
    List<Integer> layers = IntStream.rangeClosed(0, model.config().layers()).boxed().toList();
    return run(sample(split), layers, pooling);
  }

  /** Its first {@value #SAMPLE} examples. */
  static Split sample(Split split) {
    return split.rows(IntStream.range(0, Math.min(SAMPLE, split.size())).toArray());
  }

  /** The pooler's output of every example, {@code [examples][H]}. */
  float[][] pooled(Split split) {
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
