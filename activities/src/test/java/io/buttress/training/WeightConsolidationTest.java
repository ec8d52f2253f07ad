package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.model.Part;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightConsolidationTest {
  private static final Map<String, List<Float>> BEFORE = Trace.initial();

  @Test
  void theStrongerTheNearerToThePretrainedWeights() {
    double nearest = Double.POSITIVE_INFINITY;
    for (double lambda : new double[] {0, 0.1, 1, 10, 100}) {
      Map<String, Object> given = Map.of("lambda", lambda, "decay", "none");
      Trace trace = Trace.of(Golden.method("wc", given), 0, Golden.SEED, 8, r -> r);
      double drift = largestDrift(trace);
      assertThat(drift).as("largest drift of a weight at lambda %s", lambda).isLessThan(nearest);
      nearest = drift;
    }
  }

  @Test
  void anAnnealedStartHardlyMovesTheEncoder() {
    Map<String, Object> early =
        Map.of("anneal", "recadam", "annealMidpoint", 100.0, "gamma", 100.0, "decay", "none");
    assertThat(largestDrift(Trace.of(Golden.method("wc", early), 0))).isLessThan(1e-6);
  }

  private static double largestDrift(Trace trace) {
    double largest = 0;
    for (String name : BEFORE.keySet()) {
      for (int i = 0; Part.of(name).encoder() && i < BEFORE.get(name).size(); i++) {
        double drift = trace.weights().get(name).get(i) - BEFORE.get(name).get(i);
        largest = Math.max(largest, Math.abs(drift));
      }
    }
    return largest;
  }
}
