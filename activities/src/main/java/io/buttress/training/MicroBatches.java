package io.buttress.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a step's batch into pieces that fit into memory; gradients accumulate over them. */
final class MicroBatches {
  private MicroBatches() {}

  /**
   * @param size examples in each but the last; null: all
   */
  static List<int[]> of(int[] rows, Integer size) {
    if (size == null || size >= rows.length) {
      return List.of(rows);
    }
    List<int[]> parts = new ArrayList<>();
    for (int from = 0; from < rows.length; from += size) {
      parts.add(Arrays.copyOfRange(rows, from, Math.min(rows.length, from + size)));
    }
    return parts;
  }
}
