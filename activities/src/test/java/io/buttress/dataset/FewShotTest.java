package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.study.TaskKind;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class FewShotTest {
  private static float[] floats(List<Integer> labels) {
    float[] targets = new float[labels.size()];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = labels.get(i);
    }
    return targets;
  }

  @Property(tries = 200)
  void subsetsAreNestedAndOfTheSizeAskedFor(
      @ForAll @Size(min = 2, max = 200) List<@IntRange(max = 4) Integer> labels,
      @ForAll TaskKind kind,
      @ForAll long seed) {
    float[] targets = floats(labels);
    Set<Integer> smaller = Set.of();
    for (int size = 1; size <= targets.length; size += 1 + size / 4) {
      int[] rows = FewShot.rows(targets, kind, size, seed);
      assertThat(rows).hasSize(size).isSorted().doesNotHaveDuplicates();
      assertThat(Arrays.stream(rows)).allMatch(row -> row >= 0 && row < targets.length);
      Set<Integer> set = new HashSet<>(Arrays.stream(rows).boxed().toList());
      assertThat(set).containsAll(smaller);
      smaller = set;
    }
  }

  @Property(tries = 200)
  void everyLabelHasItsShareOfEverySubset(
      @ForAll @Size(min = 2, max = 200) List<@IntRange(max = 4) Integer> labels,
      @ForAll long seed) {
    float[] targets = floats(labels);
    int n = targets.length;
    for (int size = 1; size <= n; size += 1 + size / 4) {
      int[] rows = FewShot.rows(targets, TaskKind.CLASSIFICATION, size, seed);
      for (int label = 0; label < 5; label++) {
        int of = label;
        long all = labels.stream().filter(l -> l == of).count();
        long taken = Arrays.stream(rows).filter(row -> labels.get(row) == of).count();
        assertThat(Math.abs(taken - (double) size * all / n)).isLessThan(1.5);
      }
    }
  }

  @Example
  void anotherSeedTakesOthers() {
    float[] targets = new float[100];
    long different =
        IntStream.range(0, 20)
            .mapToObj(
                seed -> Arrays.toString(FewShot.rows(targets, TaskKind.CLASSIFICATION, 10, seed)))
            .distinct()
            .count();
    assertThat(different).isEqualTo(20);
  }
}
