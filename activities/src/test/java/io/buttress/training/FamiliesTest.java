package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.MethodRegistry;
import io.buttress.model.Batch;
import io.buttress.model.EncoderConfig;
import io.buttress.model.Family;
import io.buttress.model.Forward;
import io.buttress.model.GoldenFamily;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family against transformers and torch. */
class FamiliesTest {
  private static final float TOLERANCE = 1e-5f;
  private static final Progress SILENT = (step, steps, loss) -> {};

  static Stream<Arguments> tasks() {
    return Arrays.stream(Family.values())
        .flatMap(
            family -> Stream.of("two", "four", "score").map(task -> Arguments.of(family, task)));
  }

  @ParameterizedTest
  @EnumSource
  void hiddenStatesOfAPaddedBatchEqualPythons(Family family) throws IOException {
    GoldenFamily golden = GoldenFamily.of(family);
    int[] all = IntStream.range(0, golden.examples().length).toArray();
    try (TextClassifier model = model(family, golden, 2, config -> config);
        NDManager scope = model.manager().newSubManager()) {
      Batch batch = Batch.of(golden.split(), all, model.config(), scope);
      List<NDArray> states = model.forward(batch, Forward.EVALUATION).hiddenStates();
      assertThat(states).hasSize(golden.cls().length);
      for (int layer = 0; layer < states.size(); layer++) {
        assertThat(Pooling.CLS.apply(states.get(layer), batch).toFloatArray())
            .as("layer %d", layer)
            .containsExactly(flat(golden.cls()[layer]), within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void logitsEqualPythons(Family family, String name) throws IOException {
    GoldenFamily golden = GoldenFamily.of(family);
    GoldenFamily.Task task = golden.tasks().get(name);
    try (TextClassifier model = model(family, golden, task.outputs(), config -> config)) {
      float[][] logits =
          new Evaluator(model, SILENT).run(golden.split(), List.of(), Pooling.CLS).logits();
      assertThat(flat(logits)).containsExactly(flat(task.logits()), within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void lossesOfTenStepsEqualPythons(Family family, String name) throws IOException {
    GoldenFamily golden = GoldenFamily.of(family);
    GoldenFamily.Task task = golden.tasks().get(name);
    Split split = golden.split(task.targets());
    assertThat(losses(family, golden, task, split, config -> config.withDropout(0)))
        .containsExactly(task.losses(), within(TOLERANCE));
  }

  /**
   * The engine is torch, too: equal seeds drop equal units where dropout is in equal places and
   * nothing is padded. Python's numbers are an x86 CPU's; elsewhere torch draws by another
   * generator.
   */
  @ParameterizedTest
  @MethodSource("tasks")
  void lossesWithDropoutEqualPythons(Family family, String name) throws IOException {
    assumeThat(Engine.getInstance().getGpuCount()).isZero();
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    GoldenFamily golden = GoldenFamily.of(family);
    GoldenFamily.Task task = golden.tasks().get(name);
    Split split = golden.evenSplit(task.targets());
    assertThat(losses(family, golden, task, split, config -> config))
        .containsExactly(task.lossesWithDropout(), within(TOLERANCE));
  }

  private static float[] losses(
      Family family,
      GoldenFamily golden,
      GoldenFamily.Task task,
      Split split,
      UnaryOperator<EncoderConfig> change)
      throws IOException {
    TaskKind kind = task.outputs() == 1 ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION;
    try (TextClassifier model = model(family, golden, task.outputs(), change)) {
      Fit fit =
          new Trainer(kind, split, golden.training(), golden.seed())
              .fit(model, MethodRegistry.create(Golden.context(Golden.stl(), model, null)), SILENT);
      double[] losses =
          fit.history().stream()
              .filter(point -> point.metric().equals("loss"))
              .mapToDouble(point -> point.value())
              .toArray();
      float[] rounded = new float[losses.length];
      IntStream.range(0, losses.length).forEach(i -> rounded[i] = (float) losses[i]);
      return rounded;
    }
  }

  private static TextClassifier model(
      Family family, GoldenFamily golden, int outputs, UnaryOperator<EncoderConfig> change)
      throws IOException {
    ModelFolder folder = ModelFolder.read(GoldenFamily.folder(family));
    return golden.model(folder, change.apply(folder.config()), outputs);
  }

  private static float[] flat(float[][] rows) {
    float[] all = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[i].length, rows[i].length);
    }
    return all;
  }
}
