package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.Seeds;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Seeds, order of examples and learning rates: what decides a run besides its arithmetic. */
class RecipeTest {

  @Test
  void ordersAndSeedsAreWhatThePythonRecipeSays() {
    // Python: int.from_bytes(sha256(b"7/order/0").digest()[:8], "big", signed=True)
    assertThat(Seeds.derive(7, "order", 0)).isEqualTo(3933675952938988798L);
    ExampleOrder order = new ExampleOrder(23, 5, Golden.SEED);
    int[][] golden = Golden.value(Golden.JSON.get("order"), int[][].class);
    for (int step = 0; step < golden.length; step++) {
      assertThat(order.rows(step)).containsExactly(golden[step]);
    }
  }

  @Test
  void ratesEqualTransformersSchedules() {
    for (var entry : Golden.JSON.get("schedules").properties()) {
      String[] key = entry.getKey().split("/");
      int steps = Integer.parseInt(key[1]);
      Schedule schedule = Schedule.of(training(key[0], Double.parseDouble(key[2])), steps);
      JsonNode rates = entry.getValue();
      for (int step = 0; step < steps; step++) {
        assertThat(schedule.rate(step))
            .as("%s step %d", entry.getKey(), step)
            .isCloseTo(rates.get(step).asDouble(), within(1e-18));
      }
    }
  }

  @Property
  void everyEpochIsAPermutationCutIntoBatches(
      @ForAll @IntRange(min = 1, max = 300) int examples,
      @ForAll @IntRange(min = 1, max = 64) int batchSize,
      @ForAll long seed,
      @ForAll @IntRange(max = 5) int epoch) {
    int perEpoch = (examples + batchSize - 1) / batchSize;
    ExampleOrder order = new ExampleOrder(examples, batchSize, seed);
    int[] seen =
        IntStream.range(0, perEpoch)
            .flatMap(i -> Arrays.stream(order.rows(epoch * perEpoch + i)))
            .toArray();
    assertThat(order.rows(epoch * perEpoch + perEpoch - 1))
        .hasSize(examples - (perEpoch - 1) * batchSize);
    assertThat(seen).hasSize(examples);
    assertThat(Arrays.stream(seen).sorted().toArray())
        .containsExactly(IntStream.range(0, examples).toArray());
  }

  @Property
  void ratesRiseToThePeakAndNeverLeaveItsRange(
      @ForAll @IntRange(min = 1, max = 400) int steps,
      @ForAll @DoubleRange(min = 0, max = 1) double warmup) {
    for (String shape : new String[] {"linear", "cosine", "constant"}) {
      Schedule schedule = Schedule.of(training(shape, warmup), steps);
      for (int step = 0; step < steps; step++) {
        assertThat(schedule.rate(step)).isBetween(0.0, schedule.peak());
      }
      assertThat(schedule.rate(0)).isEqualTo(schedule.warmup() > 0 ? 0 : schedule.peak());
    }
  }

  private static Training training(String shape, double warmup) {
    return TrainingBuilder.builder()
        .epochs(1)
        .batchSize(1)
        .learningRate(2e-5)
        .warmup(warmup)
        .maxLength(8)
        .precision("fp32")
        .weightDecay(0)
        .clipNorm(0)
        .schedule(shape)
        .minSteps(0)
        .build();
  }
}
