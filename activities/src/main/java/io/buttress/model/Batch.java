package io.buttress.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some examples of a split, one after the other without padding: n real tokens in all.
 *
 * @param rows which examples, as indices into the split
 * @param inputIds int64 {@code [n]}, as are {@code tokenTypeIds} and {@code positions}
 * @param firstTokens int64 {@code [batch]}: where each example begins
 * @param groups for attention, which alone needs padding: examples are put together by length, and
 *     padded to the longest of their group; three numbers a group, how many examples, which length,
 *     and 1 where an example is shorter than that, else 0
 * @param places int64 {@code [n]}: where each token stands, one padded group after the other
 * @param mask boolean, all these places, true at real tokens
 * @param targets float32 {@code [batch]}: class indices, or scores
 */
public record Batch(
    int[] rows,
    NDArray inputIds,
    NDArray tokenTypeIds,
    NDArray positions,
    NDArray firstTokens,
    long[] groups,
    NDArray places,
    NDArray mask,
    NDArray targets) {

  /** Groups of a batch: more of them would save little padding, and each costs calls. */
  private static final int GROUPS = 4;

  /** Puts examples on a manager's device; the arrays live as long as the manager. */
  public static Batch of(Split split, int[] rows, EncoderConfig config, NDManager manager) {
    int[] lengths = Arrays.stream(rows).map(row -> split.inputIds()[row].length).toArray();
    int count = Arrays.stream(lengths).sum();
    long[] groups = groups(lengths);
    long[] starts = starts(lengths, groups);
    long[] ids = new long[count];
    long[] types = new long[count];
    long[] positions = new long[count];
    long[] places = new long[count];
    long[] first = new long[rows.length];
    boolean[] mask = new boolean[padded(groups)];
    float[] targets = new float[rows.length];
    int at = 0;
    for (int i = 0; i < rows.length; i++) {
      int[] tokens = split.inputIds()[rows[i]];
      config.family().positions(tokens, config.padId(), positions, at);
      first[i] = at;
      for (int j = 0; j < tokens.length; j++, at++) {
        ids[at] = tokens[j];
        types[at] = split.tokenTypeIds()[rows[i]][j];
        places[at] = starts[i] + j;
        mask[(int) places[at]] = true;
      }
      targets[i] = split.targets()[rows[i]];
    }
    return new Batch(
        rows,
        manager.create(ids),
        manager.create(types),
        manager.create(positions),
        manager.create(first),
        groups,
        manager.create(places),
        manager.create(mask, new Shape(mask.length)),
        manager.create(targets));
  }

  /**
   * Cuts a batch, the longest examples first, into at most {@value #GROUPS} groups of equally many,
   * the last apart; neighbours of the same length are joined.
   *
   * @return as {@link #groups()}
   */
  static long[] groups(int[] lengths) {
    int[] sorted = descending(lengths).map(i -> lengths[i]).toArray();
    int most = (sorted.length + GROUPS - 1) / GROUPS;
    List<long[]> groups = new ArrayList<>();
    for (int from = 0; from < sorted.length; from += most) {
      int to = Math.min(from + most, sorted.length);
      long padding = sorted[to - 1] < sorted[from] ? 1 : 0;
      long[] last = groups.isEmpty() ? null : groups.get(groups.size() - 1);
      if (last != null && last[1] == sorted[from]) {
        last[0] += to - from;
        last[2] |= padding;
      } else {
        groups.add(new long[] {to - from, sorted[from], padding});
      }
    }
    return groups.stream().flatMapToLong(Arrays::stream).toArray();
  }

  /** Where each example begins in the padded groups. */
  private static long[] starts(int[] lengths, long[] groups) {
    int[] examples = descending(lengths).toArray();
    long[] starts = new long[lengths.length];
    int next = 0;
    long start = 0;
    for (int g = 0; g < groups.length; g += 3) {
      for (long i = 0; i < groups[g]; i++) {
        starts[examples[next++]] = start;
        start += groups[g + 1];
      }
    }
    return starts;
  }

  /** Examples by length, longest first, those of one length in their order. */
  private static IntStream descending(int[] lengths) {
    return IntStream.range(0, lengths.length)
        .boxed()
        .sorted(Comparator.comparing(i -> -lengths[i]))
        .mapToInt(i -> i);
  }

  private static int padded(long[] groups) {
    long places = 0;
    for (int g = 0; g < groups.length; g += 3) {
      places += groups[g] * groups[g + 1];
    }
    return Math.toIntExact(places);
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
