package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RegimeTest {
  @Property
  void isFoundByItsName(
      @ForAll @IntRange(min = 1) int examples, @ForAll @DoubleRange(min = 0.01, max = 1) double f) {
    assertThat(Regime.named(Regime.fewShot(examples).id())).isEqualTo(Regime.fewShot(examples));
    assertThat(Regime.named(Regime.labelNoise(f).id())).isEqualTo(Regime.labelNoise(f));
    assertThat(Regime.named("full")).isEqualTo(Regime.FULL);
  }

  @Test
  void refusesAnyOtherName() {
    assertThatThrownBy(() -> Regime.named("half")).hasMessageContaining("half");
  }
}
