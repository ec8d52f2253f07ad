package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

class LabelNoiseTest {
  /** Row i has label i mod labels. */
  private static float[] targets(int n, int labels) {
    float[] targets = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = i % labels;
    }
    return targets;
  }

  @Property(tries = 300)
  void exactlyTheFractionGetsAnotherLabel(
      @ForAll @IntRange(min = 1, max = 300) int n,
      @ForAll @IntRange(min = 2, max = 6) int labels,
      @ForAll @DoubleRange(min = 0, max = 1) double fraction,
      @ForAll long seed) {
    float[] truth = targets(n, labels);
    LabelNoise noise = LabelNoise.of(truth, labels, fraction, seed);

    assertThat(noise.flipped()).hasSize((int) Math.round(fraction * n)).isSorted();
    Set<Integer> flipped = new HashSet<>(Arrays.stream(noise.flipped()).boxed().toList());
    assertThat(flipped).hasSize(noise.flipped().length);
    for (int row = 0; row < n; row++) {
      assertThat(noise.targets()[row] != truth[row]).isEqualTo(flipped.contains(row));
      assertThat(noise.targets()[row]).isBetween(0f, labels - 1f);
    }
    assertThat(truth).as("left alone").containsExactly(targets(n, labels));
  }

  @Property(tries = 300)
  void aLargerFractionHasTheFlipsOfASmallerOne(
      @ForAll @IntRange(min = 1, max = 300) int n,
      @ForAll @IntRange(min = 2, max = 6) int labels,
      @ForAll @DoubleRange(min = 0, max = 0.5) double fraction,
      @ForAll long seed) {
    float[] truth = targets(n, labels);
    LabelNoise less = LabelNoise.of(truth, labels, fraction, seed);
    LabelNoise more = LabelNoise.of(truth, labels, fraction + 0.3, seed);
    for (int row : less.flipped()) {
      assertThat(more.targets()[row]).isEqualTo(less.targets()[row]);
    }
  }

  @Example
  void theOtherLabelsAreEquallyLikely() {
    int labels = 4;
    int n = 40_000;
    LabelNoise noise = LabelNoise.of(new float[n], labels, 1, 7);
    int[] given = new int[labels];
    for (float target : noise.targets()) {
      given[(int) target]++;
    }
    assertThat(given[0]).isZero();
    for (int label = 1; label < labels; label++) {
      // Six standard deviations of a binomial with p = 1/3.
      assertThat(given[label]).isCloseTo(n / 3, org.assertj.core.data.Offset.offset(566));
    }
  }
}
