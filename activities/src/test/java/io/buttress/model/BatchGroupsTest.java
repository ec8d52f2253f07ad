package io.buttress.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BatchGroupsTest {
  @Test
  void examplesOfOneLengthNeedNoPadding() {
    assertThat(Batch.groups(new int[] {7, 7, 7, 7, 7})).containsExactly(5, 7, 0);
    assertThat(Batch.groups(new int[] {3, 9})).containsExactly(1, 9, 0, 1, 3, 0);
    assertThat(Batch.groups(new int[] {9, 8, 2, 2, 2, 2, 2, 2})).containsExactly(2, 9, 1, 6, 2, 0);
  }

  @Property
  void everyExampleHasItsPlaceAndPaddingOnlyShrinks(
      @ForAll @Size(min = 1, max = 40) List<@IntRange(min = 1, max = 200) Integer> lengths) {
    int[] all = lengths.stream().mapToInt(length -> length).toArray();
    long[] groups = Batch.groups(all);

    int[] sorted = Arrays.stream(all).map(n -> -n).sorted().map(n -> -n).toArray();
    int at = 0;
    long places = 0;
    for (int g = 0; g < groups.length; g += 3) {
      int to = at + (int) groups[g];
      assertThat(groups[g + 1]).isEqualTo(sorted[at]);
      assertThat(groups[g + 2]).isEqualTo(sorted[to - 1] < sorted[at] ? 1 : 0);
      places += groups[g] * groups[g + 1];
      at = to;
    }
    assertThat(at).isEqualTo(all.length);
    assertThat(groups.length / 3).isLessThanOrEqualTo(4);
    assertThat(places).isLessThanOrEqualTo((long) all.length * sorted[0]);
  }
}
