package io.buttress.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class ScaleTest {
  @Test
  void ticksAreRound() {
    assertThat(linear(0, 6).ticks()).containsExactly(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    assertThat(labels(linear(0.61, 0.72)))
        .containsExactly("0.62", "0.64", "0.66", "0.68", "0.7", "0.72");
    assertThat(labels(logarithmic(0.01, 1)))
        .containsExactly("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1");
    assertThat(labels(logarithmic(1e-5, 10)))
        .containsExactly("1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10");
  }

  @Test
  void aShortLogarithmicAxisHasTicksToo() {
    assertThat(labels(logarithmic(250, 500)))
        .containsExactly("250", "300", "350", "400", "450", "500");
    assertThat(logarithmic(300, 300).ticks()).isNotEmpty();
  }

  @Test
  void aPowerOfTenIsAsLongAsTheNext() {
    Scale scale = logarithmic(1, 100);
    assertThat(scale.place(10) - scale.place(1))
        .isCloseTo(scale.place(100) - scale.place(10), within(1e-12));
  }

  @Property
  void valuesAndTicksLieWithin(
      @ForAll @DoubleRange(min = 0.01, max = 1e6) double one,
      @ForAll @DoubleRange(min = 0.01, max = 1e6) double other,
      @ForAll boolean logarithmic) {
    Scale scale = Scale.of(range(one, other), logarithmic, 7);
    assertThat(scale.ticks()).hasSizeLessThanOrEqualTo(7).isNotEmpty().isSorted();
    assertThat(
            DoubleStream.concat(
                    DoubleStream.of(one, other), scale.ticks().stream().mapToDouble(tick -> tick))
                .map(scale::place))
        .allMatch(place -> place > -1e-9 && place < 1 + 1e-9);
  }

  private static Scale linear(double from, double to) {
    return Scale.of(range(from, to), false, 7);
  }

  private static Scale logarithmic(double from, double to) {
    return Scale.of(range(from, to), true, 7);
  }

  private static DoubleSummaryStatistics range(double one, double other) {
    return DoubleStream.of(one, other).summaryStatistics();
  }

  private static List<String> labels(Scale scale) {
    return scale.ticks().stream().map(Format::axis).toList();
  }
}
