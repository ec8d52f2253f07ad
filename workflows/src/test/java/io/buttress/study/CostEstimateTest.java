package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CostEstimateTest {
  private static final Offset<Double> EXACT = within(1e-6);

  /** RTE has 2,490 examples to train on and 277 to validate on. */
  @Test
  void countsStepsAndOperations() {
    CostEstimate cost = of("methods: [{id: stl}]");
    assertThat(cost.steps()).isEqualTo(2 * 78);
    assertThat(cost.operations() / 85e6).isCloseTo((6 * 156 * 32 + 2 * 277) * 64.0, EXACT);
  }

  @Test
  void secondPassesCost() {
    double one = of("methods: [{id: stl}]").operations();
    double two = of("methods: [{id: r-drop}]").operations();
    assertThat((two - one) / 85e6).isCloseTo(6 * 156 * 32 * 64.0, EXACT);
    assertThat(of("methods: [{id: repina-i}]").operations()).isEqualTo(one);
  }

  @Test
  void countsModelsAndSeeds() {
    double one = of("methods: [{id: stl}]").steps();
    assertThat(of("methods: [{id: stl}], seeds: [1, 2, 3]").steps()).isEqualTo(3 * one);
    assertThat(of("methods: [{id: stl}], models: [\"hf:a/b\", \"hf:a/c\"]").steps())
        .isEqualTo(2 * one);
  }

  @Test
  void fewExamplesTakeFewerStepsButNotFewerThanTheirRegimeAsksFor() {
    assertThat(of("methods: [{id: stl}], regimes: [{id: few-shot, examples: [250]}]").steps())
        .isEqualTo(500);
    assertThat(of("methods: [{id: stl}]", "limit: 320").steps()).isEqualTo(20);
    assertThat(of("methods: [{id: stl}]", "limit: 1000000").steps()).isEqualTo(156);
  }

  @Test
  void refitsOneSettingOfEachMethodOnAllOfTheTrainingSet() {
    String settings = "methods: [{id: stl}, {id: repina-i, lambda: [0.1, 1]}]";
    double searched = of(settings + ", selection: {fraction: 0.1, refit: false}").steps();
    assertThat(searched).isEqualTo(3 * 2 * 71);
    assertThat(of(settings + ", selection: {fraction: 0.1}").steps())
        .isEqualTo(searched + 2 * 2 * 78);
  }

  @Test
  void tasksOfUnknownSizeAreLeftOut() {
    StudySpec spec = spec("{name: a, tasks: [\"sample:sentiment\"], methods: [{id: stl}]}");
    assertThat(CostEstimate.isKnown(spec.tasks().get(0))).isFalse();
    assertThat(CostEstimate.of(spec)).isEqualTo(new CostEstimate(0, 0));
  }

  private static CostEstimate of(String fields, String... task) {
    String files = "id: rte, train: \"file:/t.tsv\", validation: \"file:/v.tsv\"";
    String training = "training: {epochs: 2, batchSize: 32, maxLength: 64}";
    return CostEstimate.of(
        spec(
            "{name: a, tasks: [{%s}], %s, %s}"
                .formatted(String.join(", ", files, String.join(", ", task)), training, fields)
                .replace(", }", "}")));
  }

  private static StudySpec spec(String yaml) {
    return new StudyParser(TaskCatalog.builtIn()).parseYaml(yaml);
  }
}
