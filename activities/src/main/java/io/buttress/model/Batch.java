package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.data.TokenizedDataset.Split;
import java.util.Arrays;

/**
 * Some examples of a split, one after the other without padding: n real tokens in all.
 *
 * @param rows which examples, as indices into the split
 * @param inputIds int64 {@code [n]}, as are {@code tokenTypeIds} and {@code positions}
 * @param firstTokens int64 {@code [batch]}: where each example begins
 * @param places int64 {@code [n]}: where each token stands in {@code [batch x length]}, row by row,
 *     once examples are padded to the longest
 * @param mask boolean {@code [batch, 1, 1, length]}, true at real tokens
 * @param targets float32 {@code [batch]}: class indices, or scores
 */
public record Batch(
    int[] rows,
    NDArray inputIds,
    NDArray tokenTypeIds,
    NDArray positions,
    NDArray firstTokens,
    NDArray places,
    NDArray mask,
    NDArray targets) {

  /** Puts examples on a manager's device; the arrays live as long as the manager. */
  public static Batch of(Split split, int[] rows, EncoderConfig config, NDManager manager) {
    int length = 0;
    int count = 0;
    for (int row : rows) {
      int tokens = split.inputIds()[row].length;
      length = Math.max(length, tokens);
      count += tokens;
    }
    long[] ids = new long[count];
    long[] types = new long[count];
    long[] positions = new long[count];
    long[] places = new long[count];
    long[] first = new long[rows.length];
    boolean[] mask = new boolean[rows.length * length];
    float[] targets = new float[rows.length];
    int at = 0;
    for (int i = 0; i < rows.length; i++) {
      int[] tokens = split.inputIds()[rows[i]];
      config.family().positions(tokens, config.padId(), positions, at);
      first[i] = at;
      for (int j = 0; j < tokens.length; j++, at++) {
        ids[at] = tokens[j];
        types[at] = split.tokenTypeIds()[rows[i]][j];
        places[at] = (long) i * length + j;
        mask[i * length + j] = true;
      }
      targets[i] = split.targets()[rows[i]];
    }
    return new Batch(
        rows,
        manager.create(ids),
        manager.create(types),
        manager.create(positions),
        manager.create(first),
        manager.create(places),
        manager.create(mask, new Shape(rows.length, 1, 1, length)),
        manager.create(targets));
  }

  public int size() {
    return rows.length;
  }

  /** Class indices as int64 {@code [batch, 1]}. */
  public NDArray classes() {
    return targets.toType(DataType.INT64, false).expandDims(1);
  }

  /** The mean over an example's tokens as a matrix, float32 {@code [batch, n]}. */
  NDArray means() {
    long[] first = firstTokens.toLongArray();
    int count = Math.toIntExact(inputIds.size());
    float[] means = new float[Math.multiplyExact(rows.length, count)];
    for (int i = 0; i < rows.length; i++) {
      int from = (int) first[i];
      int to = i + 1 < rows.length ? (int) first[i + 1] : count;
      Arrays.fill(means, i * count + from, i * count + to, 1f / (to - from));
    }
    return inputIds.getManager().create(means, new Shape(rows.length, count));
  }
}
