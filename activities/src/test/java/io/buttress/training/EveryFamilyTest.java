package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.MethodRegistry;
import io.buttress.model.Family;
import io.buttress.model.GoldenFamily;
import io.buttress.model.ModelFolder;
import io.buttress.model.Part;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskKind;
import io.buttress.study.TrialStatus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method on every family of encoders, whose parts have other shapes, or are not there. */
// Trains each method on each family.
@Tag("slow")
class EveryFamilyTest {
  private static final Progress SILENT = (step, steps, loss) -> {};

  static Stream<Arguments> pairs() {
    return Arrays.stream(Family.values())
        .flatMap(
            family ->
                MethodCatalog.entries().stream().map(entry -> Arguments.of(family, entry.id())));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void trainsAllPartsThatAreToLearn(Family family, String id) throws IOException {
    GoldenFamily golden = GoldenFamily.of(family);
    GoldenFamily.Task task = golden.tasks().get("two");
    Split split = golden.split(task.targets());
    ModelFolder folder = ModelFolder.read(GoldenFamily.folder(family));
    try (TextClassifier model = golden.model(folder, folder.config(), 2)) {
      Map<String, float[]> before = weights(model);
      Method method = Golden.method(id, Map.of());
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, split, golden.training(), golden.seed())
              .fit(
                  model,
                  MethodRegistry.create(
                      Golden.context(method, model, Golden.snapshot(method, model, split))),
                  SILENT);

      assertThat(fit.status()).isEqualTo(TrialStatus.DONE);
      Map<String, float[]> after = weights(model);
      boolean wholeEncoder = !List.of("lp", "freeze", "bitfit", "lora").contains(id);
      before.forEach(
          (name, values) -> {
            if (wholeEncoder || Part.of(name).kind() == Part.Kind.HEAD) {
              assertThat(after.get(name)).as(name).isNotEqualTo(values);
            }
          });
      float[][] logits = new Evaluator(model, SILENT).run(split, List.of(), Pooling.CLS).logits();
      for (float[] row : logits) {
        for (float logit : row) {
          assertThat(logit).isFinite();
        }
      }
    }
  }

  private static Map<String, float[]> weights(TextClassifier model) {
    Map<String, float[]> weights = new TreeMap<>();
    model.parameters().forEach((name, array) -> weights.put(name, array.toFloatArray()));
    return weights;
  }
}
