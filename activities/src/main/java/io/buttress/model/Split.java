package io.buttress.model;

import io.buttress.study.Json;
import java.util.List;

/**
 * Examples in file order (train: after {@code limit}'s shuffle and cut).
 *
 * @param inputIds one row of token ids an example, special tokens included, without padding
 * @param tokenTypeIds segment ids, same shape
 * @param targets class index, or score
 */
public record Split(int[][] inputIds, int[][] tokenTypeIds, float[] targets) {
  public int size() {
    return targets.length;
  }

  /** Some examples, in the order of the given row numbers. */
  public Split rows(int... rows) {
    int[][] ids = new int[rows.length][];
    int[][] types = new int[rows.length][];
    float[] values = new float[rows.length];
    for (int i = 0; i < rows.length; i++) {
      ids[i] = inputIds[rows[i]];
      types[i] = tokenTypeIds[rows[i]];
      values[i] = targets[rows[i]];
    }
    return new Split(ids, types, values);
  }

  /** The same examples with other targets. */
  public Split withTargets(float[] others) {
    return new Split(inputIds, tokenTypeIds, others);
  }

  /** sha256 over the inputs alone, so that datasets that differ in labels share snapshots. */
  public String inputsDigest() {
    return Json.sha256(List.of(inputIds, tokenTypeIds));
  }
}
