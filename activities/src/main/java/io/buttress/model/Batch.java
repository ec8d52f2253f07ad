package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.buttress.data.TokenizedDataset.Split;
import java.util.Arrays;

/**
 * Some examples of a split, padded to the longest of them.
 *
 * @param rows which examples, as indices into the split
 * @param inputIds int64 {@code [batch, length]}, as are {@code tokenTypeIds}
 * @param mask boolean {@code [batch, 1, 1, length]}, true at real tokens
 * @param realTokens the same as float32 {@code [batch, length]}
 * @param targets float32 {@code [batch]}: class indices, or scores
 */
public record Batch(
    int[] rows,
    NDArray inputIds,
    NDArray tokenTypeIds,
    NDArray mask,
    NDArray realTokens,
    NDArray targets) {

  /** Puts examples on a manager's device; the arrays live as long as the manager. */
  public static Batch of(Split split, int[] rows, int padId, NDManager manager) {
    int length = 0;
    for (int row : rows) {
      length = Math.max(length, split.inputIds()[row].length);
    }
    long[] ids = new long[rows.length * length];
    Arrays.fill(ids, padId);
    long[] types = new long[ids.length];
    boolean[] mask = new boolean[ids.length];
    float[] real = new float[ids.length];
    float[] targets = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      int[] tokens = split.inputIds()[rows[i]];
      for (int j = 0; j < tokens.length; j++) {
        int at = i * length + j;
        ids[at] = tokens[j];
        types[at] = split.tokenTypeIds()[rows[i]][j];
        mask[at] = true;
        real[at] = 1;
      }
      targets[i] = split.targets()[rows[i]];
    }
    Shape shape = new Shape(rows.length, length);
    return new Batch(
        rows,
        manager.create(ids, shape),
        manager.create(types, shape),
        manager.create(mask, new Shape(rows.length, 1, 1, length)),
        manager.create(real, shape),
        manager.create(targets, new Shape(rows.length)));
  }

  public int size() {
    return rows.length;
  }

  /** Class indices as int64 {@code [batch, 1]}. */
  public NDArray classes() {
    return targets.toType(DataType.INT64, false).expandDims(1);
  }
}
