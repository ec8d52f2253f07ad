package io.buttress.training;

import ai.djl.ndarray.NDManager;
import io.buttress.data.TokenizedDataset.Split;
import io.buttress.model.Batch;
import io.buttress.model.BertClassifier;
import io.buttress.model.BertClassifier.Output;
import io.buttress.model.Pooling;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a model over a split in evaluation mode. Examples are batched by length, which saves
 * padding; results come back in the split's order.
 */
public final class Evaluator {
  private static final int BATCH = 64;

  private final BertClassifier model;
  private final Progress progress;

  public Evaluator(BertClassifier model, Progress progress) {
    this.model = model;
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
   *     io.buttress.model.BertConfig#resolveLayer}
   */
  public Outputs run(Split split, List<Integer> layers, Pooling pooling) {
    int width = model.config().hiddenSize();
    float[][] logits = new float[split.size()][];
    Map<Integer, float[]> representations = new LinkedHashMap<>();
    layers.forEach(
        layer -> representations.put(layer, new float[Math.multiplyExact(split.size(), width)]));
    int[] order = byLength(split);
    for (int from = 0; from < order.length; from += BATCH) {
      int[] rows = Arrays.copyOfRange(order, from, Math.min(order.length, from + BATCH));
      try (NDManager scope = model.manager().newSubManager()) {
        Batch batch = Batch.of(split, rows, model.config().padId(), scope);
        Output output = model.forward(batch, false);
        float[] values = output.logits().toFloatArray();
        int outputs = values.length / rows.length;
        for (int i = 0; i < rows.length; i++) {
          logits[rows[i]] = Arrays.copyOfRange(values, i * outputs, (i + 1) * outputs);
        }
        representations.forEach(
            (layer, all) -> {
              int state = model.config().resolveLayer(layer);
              float[] pooled =
                  pooling.apply(output.hiddenStates().get(state), batch).toFloatArray();
              for (int i = 0; i < rows.length; i++) {
                System.arraycopy(pooled, i * width, all, rows[i] * width, width);
              }
            });
      }
      progress.at(from + rows.length, order.length, null);
    }
    return new Outputs(logits, representations);
  }

  private static int[] byLength(Split split) {
    Integer[] order = new Integer[split.size()];
    Arrays.setAll(order, i -> i);
    // A stable sort: equal lengths stay in file order, so batches are the same every time.
    Arrays.sort(order, Comparator.comparingInt(i -> split.inputIds()[i].length));
    return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
  }
}
