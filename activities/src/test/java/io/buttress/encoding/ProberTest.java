package io.buttress.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.model.Split;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProberTest {
  @Test
  void ofALargeTrainingSetTheSameTenThousandAreTaken() {
    int n = Prober.MOST_EXAMPLES + 500;
    Split all = split(n);
    Split some = Prober.some(all);
    assertThat(some.size()).isEqualTo(Prober.MOST_EXAMPLES);
    assertThat(some.targets()).isEqualTo(Prober.some(all).targets()).doesNotHaveDuplicates();
    assertThat(Arrays.copyOf(some.targets(), 100))
        .as("shuffled, because files are often sorted by label")
        .isNotEqualTo(Arrays.copyOf(all.targets(), 100));
  }

  @Test
  void aSmallOneIsTakenWhole() {
    Split all = split(Prober.MOST_EXAMPLES);
    assertThat(Prober.some(all)).isSameAs(all);
  }

  private static Split split(int n) {
    int[][] ids = new int[n][0];
    float[] targets = new float[n];
    IntStream.range(0, n).forEach(i -> targets[i] = i);
    return new Split(ids, ids, targets);
  }
}
