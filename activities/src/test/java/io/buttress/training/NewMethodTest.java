package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.MethodContext;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The example of docs/methods.md, "Adding a method", is all that a new method takes. */
class NewMethodTest {
  private static final Split SPLIT = Golden.split("two");
  private static final List<Integer> LAST = List.of(-1);
  private static final Progress SILENT = (step, steps, loss) -> {};

  @Test
  void theDocumentationShowsTheClassThatIsTestedHere() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/buttress/training/NormKeeping.java"));
    String docs = Files.readString(Path.of("../docs/methods.md"));
    String shown = docs.split("```java\n")[1].split("```")[0];
    assertThat(source).endsWith("\n\n" + shown);
  }

  @Test
  void itsTermIsInTheLossAndItsEffectInTheModel() {
    double before = norm(null, 0);
    double wanted = before / 2;
    double plain = norm(wanted, 0);
    double kept = norm(wanted, 1);

    assertThat(Math.abs(plain - wanted)).isGreaterThan(before / 10);
    assertThat(kept).isCloseTo(wanted, within(Math.abs(plain - wanted) / 3));
  }

  /**
   * The mean squared norm of the [CLS] states.
   *
   * @param wanted by the method; null: without training
   */
  private static double norm(Double wanted, double lambda) {
    try (TextClassifier model = Golden.model(2, 0)) {
      if (wanted != null) {
        Method method =
            new Method("norm-keeping", new TreeMap<>(Map.of("lambda", lambda, "norm", wanted)));
        MethodContext context = Golden.context(method, model, null);
        Fit fit =
            new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(), Golden.SEED)
                .fit(model, new NormKeeping(context), SILENT);
        assertThat(fit.history().stream().anyMatch(p -> p.metric().equals("regularizer")))
            .isEqualTo(lambda > 0);
      }
      float[] states =
          new Evaluator(model, SILENT).run(SPLIT, LAST, Pooling.CLS).representations().get(-1);
      double squares = 0;
      for (float x : states) {
        squares += x * x;
      }
      return squares / SPLIT.size();
    }
  }
}
