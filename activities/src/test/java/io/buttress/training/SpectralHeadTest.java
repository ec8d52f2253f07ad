package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.ejml.simple.SimpleMatrix;
import org.junit.jupiter.api.Test;

class SpectralHeadTest {

  @Test
  void theStoredHeadOfR4fHasALargestSingularValueOfOne() {
    Trace trace = Trace.of(Golden.method("r4f", Map.of()), 0.1, Golden.SEED, 4, r -> r);
    assertThat(largest(trace.weights())).isCloseTo(1, within(0.01));
    assertThat(largest(Trace.initial())).isGreaterThan(1.2);
  }

  private static double largest(Map<String, List<Float>> weights) {
    List<Float> head = weights.get("classifier.weight");
    SimpleMatrix matrix = new SimpleMatrix(2, head.size() / 2);
    for (int i = 0; i < head.size(); i++) {
      matrix.set(i, head.get(i));
    }
    return matrix.svd().getSingleValue(0);
  }
}
