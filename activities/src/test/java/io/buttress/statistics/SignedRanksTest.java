package io.buttress.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SignedRanksTest {
  /** Expected values are those of {@code scipy.stats.wilcoxon(x, y, method="exact")}. */
  @Test
  void agreesWithScipy() {
    List<Double> first = List.of(0.62, 0.71, 0.55, 0.83, 0.40, 0.91, 0.77, 0.5);
    List<Double> second = List.of(0.60, 0.65, 0.56, 0.73, 0.37, 0.86, 0.70, 0.5);
    assertThat(SignedRanks.p(first, second)).as("one pair is equal").isEqualTo(0.03125);

    assertThat(
            SignedRanks.p(
                List.of(
                    2.041, -2.556, 0.418, -0.568, -0.453, -0.216, -2.02, -0.232, -0.865, 3.323,
                    0.226, -0.353, -0.281),
                List.of(
                    0.92, -1.495, 0.192, -0.039, -0.198, 0.279, -0.97, -0.009, 0.131, 1.925, 0.061,
                    -0.131, 0.122)))
        .isCloseTo(0.305419921875, within(1e-12));
  }

  @Test
  void isExactForManyPairs() {
    List<Double> first = IntStream.range(0, 25).mapToObj(i -> (i + 1) / 100.0).toList();
    List<Double> second =
        IntStream.range(0, 25)
            .mapToObj(i -> (i + 1) / 100.0 + (i % 4 == 0 ? 1 : -1) * (i / 1000.0 + 0.0005))
            .toList();

    assertThat(SignedRanks.p(first, second)).isCloseTo(0.055070459842681885, within(1e-12));
  }

  @Test
  void needsEnoughPairsToTell() {
    List<Double> five = Collections.nCopies(5, 0.5);
    List<Double> six = Collections.nCopies(6, 0.5);

    assertThat(SignedRanks.p(five, five)).isNull();
    assertThat(SignedRanks.p(six, six)).isEqualTo(1);
    assertThat(SignedRanks.p(six, List.of(0.1, 0.2, 0.3, 0.31, 0.32, 0.33))).isEqualTo(0.03125);
  }

  @Test
  void tiesShareTheirRanks() {
    // Ranks 2, 2, 2, 4, 5, 6; one 2 is negative. Of 64 choices of signs 4 have a sum of at most 2.
    assertThat(
            SignedRanks.p(
                List.of(0.25, 0.25, 0.0, 0.5, 0.75, 1.0), List.of(0.0, 0.0, 0.25, 0.0, 0.0, 0.0)))
        .isEqualTo(2 * 4 / 64.0);
  }

  @Property(tries = 200)
  void isAProbabilityThatDoesNotTellSidesApart(
      @ForAll @Size(10) List<@DoubleRange(min = 0, max = 1) Double> first,
      @ForAll @Size(10) List<@DoubleRange(min = 0, max = 1) Double> second) {
    double p = SignedRanks.p(first, second);

    assertThat(p).isBetween(1.0 / 512, 1.0);
    assertThat(SignedRanks.p(second, first)).isCloseTo(p, within(1e-12));
  }

  @Test
  void holmMultipliesTheSmallestByAllAndNeverFallsBelowASmallerOne() {
    // 3 x 0.01, 2 x 0.02 and 1 x 0.03, which is raised to that before.
    assertThat(SignedRanks.holm(0.02, 0.01, 0.03))
        .containsExactly(new double[] {0.04, 0.03, 0.04}, within(1e-12));
    assertThat(SignedRanks.holm(0.9, 0.6)).containsExactly(1, 1);
    assertThat(SignedRanks.holm()).isEmpty();
  }

  @Property(tries = 200)
  void holmKeepsTheOrderAndLiesBetweenNoCorrectionAndBonferronis(
      @ForAll @Size(min = 1, max = 9) List<@DoubleRange(min = 0, max = 1) Double> values) {
    double[] p = values.stream().mapToDouble(value -> value).toArray();
    double[] corrected = SignedRanks.holm(p);

    for (int i = 0; i < p.length; i++) {
      assertThat(corrected[i]).isBetween(p[i], Math.min(1, p.length * p[i]) + 1e-12);
      for (int j = 0; j < p.length; j++) {
        assertThat(p[i] < p[j] && corrected[i] > corrected[j]).isFalse();
      }
    }
    double least = Arrays.stream(p).min().orElseThrow();
    assertThat(Arrays.stream(corrected).min().orElseThrow())
        .isCloseTo(Math.min(1, p.length * least), within(1e-12));
  }
}
