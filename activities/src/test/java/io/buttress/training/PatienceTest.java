package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class PatienceTest {

  @Provide
  Arbitrary<List<Double>> scores() {
    return Arbitraries.integers()
        .between(-3, 3)
        .map(i -> i / 3.0)
        .injectNull(0.2)
        .list()
        .ofMaxSize(20);
  }

  @Property(tries = 500)
  void isExhaustedAfterSoManyScoresWithoutImprovement(
      @ForAll("scores") List<Double> scores, @ForAll @IntRange(min = 1, max = 5) int most) {
    Patience patience = new Patience(most);
    int lastImprovement = -1;
    for (int i = 0; i < scores.size(); i++) {
      Double score = scores.get(i);
      boolean better =
          score != null
              && scores.subList(0, i).stream().filter(Objects::nonNull).allMatch(s -> s < score);
      assertThat(patience.improves(score)).isEqualTo(better);
      lastImprovement = better ? i : lastImprovement;
      assertThat(patience.isExhausted()).isEqualTo(i - lastImprovement >= most);
    }
  }

  @Example
  void equalIsNoImprovementNorIsNaN() {
    Patience patience = new Patience(2);
    assertThat(patience.improves(0.5)).isTrue();
    assertThat(patience.improves(0.5)).isFalse();
    assertThat(patience.isExhausted()).isFalse();
    assertThat(patience.improves(Double.NaN)).isFalse();
    assertThat(patience.isExhausted()).isTrue();
  }
}
