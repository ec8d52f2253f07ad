package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.study.Method;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings that switch a method off, and first steps at which nothing has drifted yet. */
class NeutralSettingsTest {
  private static final Map<String, Object> OFF = Map.of("lambda", 0.0);

  @ParameterizedTest
  @ValueSource(
      strings = {"repina-i", "repina-mlp", "repina-mean", "repina-shuffled", "wc", "r3f", "r-drop"})
  void lambdaZeroIsStandardFineTuningBitForBit(String id) {
    assertThat(Trace.of(Golden.method(id, OFF), 0.2)).isEqualTo(Trace.of(Golden.stl(), 0.2));
  }

  @Test
  void layerwiseDecayOfOneIsStandardFineTuningBitForBit() {
    Trace llrd = Trace.of(Golden.method("llrd", Map.of("decay", 1.0)), 0.2);
    assertThat(llrd).isEqualTo(Trace.of(Golden.stl(), 0.2));
  }

  /** With dropout they draw from the same stream as the masks, so only without. */
  @ParameterizedTest
  @MethodSource("withoutNoise")
  void noNoiseIsStandardFineTuning(Method method) {
    List<Double> stl = Trace.of(Golden.stl(), 0).values("loss");
    List<Double> losses = Trace.of(method, 0).values("loss");
    assertThat(losses).hasSameSizeAs(stl);
    for (int i = 0; i < stl.size(); i++) {
      assertThat(losses.get(i)).isCloseTo(stl.get(i), within(1e-5));
    }
  }

  static List<Method> withoutNoise() {
    return List.of(
        Golden.method("mixout", Map.of("p", 0.0)), Golden.method("da", Map.of("sigma", 0.0)));
  }

  @ParameterizedTest
  @MethodSource("startingAtZero")
  void rIsZeroBeforeAnythingIsTrained(Method method) {
    List<Double> penalties = Trace.of(method, 0).values("regularizer");
    assertThat(penalties.get(0)).isBetween(0.0, 1e-9);
    // The first step has rate 0, so the second is at the same place.
    assertThat(penalties.get(1)).isBetween(0.0, 1e-9);
  }

  static List<Method> startingAtZero() {
    return List.of(
        Golden.method("repina-i", Map.of()),
        Golden.method("repina-i", Map.of("layers", List.of(0, 1, 2), "pooling", "mean")),
        Golden.method("repina-mean", Map.of()),
        Golden.method("repina-mlp", Map.of("phiInit", "identity", "width", 32)),
        Golden.method("wc", Map.of()),
        Golden.method("r3f", Map.of("eps", 1e-12)),
        Golden.method("r-drop", Map.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"repina-shuffled", "repina-mlp"})
  void rIsNotZeroWhereTheTargetIsAnother(String id) {
    assertThat(Trace.of(Golden.method(id, Map.of()), 0).values("regularizer").get(0))
        .isGreaterThan(1);
  }
}
