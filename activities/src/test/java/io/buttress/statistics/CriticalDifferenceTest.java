package io.buttress.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.result.Setting;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CriticalDifferenceTest {

  /** {@code scipy.stats.friedmanchisquare} and {@code scipy.stats.f.sf}; ranks have ties. */
  @Test
  void friedmansTestAgreesWithScipy() {
    Map<Setting, List<Double>> means = new LinkedHashMap<>();
    means.put(method("a"), List.of(0.62, 0.71, 0.55, 0.83));
    means.put(method("b"), List.of(0.60, 0.72, 0.56, 0.80));
    means.put(method("c"), List.of(0.62, 0.70, 0.60, 0.81));
    means.put(method("d"), List.of(0.5, 0.69, 0.6, 0.9));
    means.put(method("unfinished"), Arrays.asList(0.9, null, 0.9, 0.9));

    CriticalDifference ranks = CriticalDifference.of(means);

    assertThat(ranks.methods())
        .extracting(CriticalDifference.Place::method)
        .containsExactly("c", "a", "d", "b");
    assertThat(ranks.methods())
        .extracting(CriticalDifference.Place::meanRank)
        .containsExactly(2.25, 2.375, 2.625, 2.75);
    assertThat(ranks.chiSquare()).isCloseTo(0.39473684210526316, within(1e-12));
    assertThat(ranks.p()).isCloseTo(0.9568046786088118, within(1e-9));
    assertThat(ranks.groups()).containsExactly(new CriticalDifference.Group(0, 3));
  }

  /** Demšar 2006, table 5a, for 2 to 10 methods; scipy's studentized range for more. */
  @Test
  void criticalValuesAreNemenyis() {
    double[] table = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
    for (int k = 2; k <= 10; k++) {
      assertThat(CriticalDifference.criticalValue(k)).isCloseTo(table[k - 2], within(0.001));
    }
    assertThat(CriticalDifference.criticalValue(10)).isCloseTo(3.163683577053373, within(1e-6));
    assertThat(CriticalDifference.criticalValue(40)).isCloseTo(3.8876273068086244, within(1e-6));
  }

  @Test
  void barsJoinMethodsThatAreNotFurtherApartThanTheCriticalDifference() {
    Map<Setting, List<Double>> means = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      means.put(method("m" + i), Collections.nCopies(12, i / 10.0));
    }

    CriticalDifference ranks = CriticalDifference.of(means);

    // Ranks 4, 3, 2, 1; 2.569 sqrt(4 * 5 / (6 * 12)) = 1.354.
    assertThat(ranks.criticalDifference()).isCloseTo(1.354, within(0.001));
    assertThat(ranks.p()).isZero();
    assertThat(ranks.groups())
        .containsExactly(
            new CriticalDifference.Group(0, 1),
            new CriticalDifference.Group(1, 2),
            new CriticalDifference.Group(2, 3));
  }

  @Test
  void methodsThatAreAlwaysTiedDoNotDiffer() {
    Map<Setting, List<Double>> means = new LinkedHashMap<>();
    for (int i = 0; i < 3; i++) {
      means.put(method("m" + i), List.of(0.5, 0.6));
    }

    CriticalDifference ranks = CriticalDifference.of(means);

    assertThat(ranks.p()).isEqualTo(1);
    assertThat(ranks.groups()).containsExactly(new CriticalDifference.Group(0, 2));
  }

  @Test
  void needsTwoTasksAndThreeMethods() {
    Map<Setting, List<Double>> two = new LinkedHashMap<>();
    two.put(method("a"), List.of(0.5, 0.6));
    two.put(method("b"), List.of(0.5, 0.6));
    assertThat(CriticalDifference.of(two)).isNull();
    two.put(method("c"), Arrays.asList(0.5, null));
    assertThat(CriticalDifference.of(two)).isNull();

    Map<Setting, List<Double>> oneTask = new LinkedHashMap<>();
    for (int i = 0; i < 3; i++) {
      oneTask.put(method("m" + i), List.of(i / 10.0));
    }
    assertThat(CriticalDifference.of(oneTask)).isNull();
    assertThat(CriticalDifference.of(Map.of())).isNull();
  }

  private static Setting method(String id) {
    return new Setting(id, new TreeMap<>());
  }
}
