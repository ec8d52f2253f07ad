package io.buttress.method;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class RepinaShuffledTest {

  @Property(tries = 100)
  void targetsAreOneCycleThroughTheTrainingSet(
      @ForAll @IntRange(min = 1, max = 2000) int n, @ForAll long seed) {
    int[] cycle = RepinaShuffled.cycle(n, seed);
    boolean[] seen = new boolean[n];
    int at = 0;
    for (int i = 0; i < n; i++) {
      assertThat(seen[at]).as("back at %s after %s of %s", at, i, n).isFalse();
      seen[at] = true;
      at = cycle[at];
    }
    assertThat(at).isZero();
  }

  @Property(tries = 20)
  void anotherSeedGivesAnotherCycle(@ForAll long seed) {
    assertThat(RepinaShuffled.cycle(50, seed)).isNotEqualTo(RepinaShuffled.cycle(50, seed + 1));
  }
}
