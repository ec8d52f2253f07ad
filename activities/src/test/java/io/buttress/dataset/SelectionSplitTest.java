package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;

class SelectionSplitTest {

  /** Labels of 2 to 300 examples, up to five different ones, not in equal numbers. */
  @Provide
  Arbitrary<float[]> targets() {
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(10, Arbitraries.just(0f)),
            net.jqwik.api.Tuple.of(4, Arbitraries.just(1f)),
            net.jqwik.api.Tuple.of(2, Arbitraries.of(2f, 4f)))
        .array(Float[].class)
        .ofMinSize(2)
        .ofMaxSize(300)
        .map(
            boxed -> {
              float[] targets = new float[boxed.length];
              for (int i = 0; i < targets.length; i++) {
                targets[i] = boxed[i];
              }
              return targets;
            });
  }

  @Property(tries = 300)
  void everyRowIsOnOneSide(
      @ForAll("targets") float[] targets,
      @ForAll TaskKind kind,
      @ForAll @DoubleRange(min = 0, minIncluded = false, max = 0.5) double fraction,
      @ForAll long seed) {
    SelectionSplit split = SelectionSplit.of(targets, kind, fraction, seed);

    int n = targets.length;
    assertThat(split.heldOut()).hasSize(Math.max(1, (int) Math.round(fraction * n))).isSorted();
    assertThat(split.remaining()).isNotEmpty().isSorted();
    int[] all =
        IntStream.concat(Arrays.stream(split.remaining()), Arrays.stream(split.heldOut()))
            .sorted()
            .toArray();
    assertThat(all).containsExactly(IntStream.range(0, n).toArray());
    SelectionSplit again = SelectionSplit.of(targets.clone(), kind, fraction, seed);
    assertThat(again.heldOut()).containsExactly(split.heldOut());
    assertThat(again.remaining()).containsExactly(split.remaining());
  }

  @Property(tries = 300)
  void everyLabelGivesItsShare(
      @ForAll("targets") float[] targets,
      @ForAll @DoubleRange(min = 0, minIncluded = false, max = 0.5) double fraction,
      @ForAll long seed) {
    SelectionSplit split = SelectionSplit.of(targets, TaskKind.CLASSIFICATION, fraction, seed);
    for (int label = 0; label < 5; label++) {
      int of = label;
      long all = IntStream.range(0, targets.length).filter(i -> targets[i] == of).count();
      long given = Arrays.stream(split.heldOut()).filter(i -> targets[i] == of).count();
      double share = (double) split.heldOut().length * all / targets.length;
      assertThat(Math.abs(given - share)).isLessThan(1);
    }
  }

  @Example
  void anotherSeedSetsOthersApart() {
    float[] targets = new float[100];
    Set<String> splits = new HashSet<>();
    for (int seed = 0; seed < 20; seed++) {
      SelectionSplit split = SelectionSplit.of(targets, TaskKind.CLASSIFICATION, 0.1, seed);
      splits.add(Arrays.toString(split.heldOut()));
    }
    assertThat(splits).hasSize(20);
  }

  /** Computed by a Python program written from docs/methods.md. */
  @Example
  void isAsDocumented() {
    float[] targets = {0, 1, 2, 1, 0, 1, 1, 0, 2, 1, 1, 0, 1, 0, 1, 1, 2, 0, 1, 1, 0, 1, 0};
    assertThat(SelectionSplit.of(targets, TaskKind.CLASSIFICATION, 0.25, 1).heldOut())
        .containsExactly(0, 3, 5, 8, 19, 22);
    assertThat(SelectionSplit.of(targets, TaskKind.REGRESSION, 0.25, 1).heldOut())
        .containsExactly(3, 5, 8, 19, 21, 22);
    assertThat(SelectionSplit.of(targets, TaskKind.CLASSIFICATION, 0.1, -3).heldOut())
        .containsExactly(15, 20);
  }

  @Example
  void oneExampleCannotBeParted() {
    assertThatThrownBy(() -> SelectionSplit.of(new float[1], TaskKind.REGRESSION, 0.5, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a training set of 1 examples is too small to set a part of it apart");
  }
}
