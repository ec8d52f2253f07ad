package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import io.buttress.method.FineTuningMethod;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Preparation;
import io.buttress.model.Forward;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The forward passes of every method against the table in docs/methods.md. */
class MethodCostTest {
  private static final Split SPLIT = Golden.split("two");
  private static final Pattern ROW = Pattern.compile("\\| (\\[`.*?) \\|.*\\| (.*) \\|");
  private static final Pattern ID = Pattern.compile("\\[`([a-z0-9-]+)`]");
  private static final Pattern PASSES = Pattern.compile("(\\d) F\\b.*");

  /** What a run asked the encoder for. */
  private static final class Counting extends Delegating {
    private int passes;
    private int probes;

    Counting(FineTuningMethod inner) {
      super(inner);
    }

    @Override
    public void prepare(Preparation preparation) {
      super.prepare(
          new Preparation() {
            @Override
            public Split train() {
              return preparation.train();
            }

            @Override
            public float[][] pooled() {
              probes++;
              return preparation.pooled();
            }

            @Override
            public void minimise(
                Map<String, NDArray> parameters, int steps, double rate, BatchLoss loss) {
              preparation.minimise(parameters, steps, rate, loss);
            }
          });
    }

    @Override
    public Forward forward() {
      Forward forward = super.forward();
      return new Forward() {
        @Override
        public boolean training() {
          return forward.training();
        }

        @Override
        public double dropout(double configured) {
          return forward.dropout(configured);
        }

        @Override
        public NDArray tokens(NDArray tokens) {
          passes++;
          return forward.tokens(tokens);
        }

        @Override
        public NDArray linear(
            String name, NDArray x, NDArray weight, NDArray bias, Product product) {
          return forward.linear(name, x, weight, bias, product);
        }
      };
    }
  }

  static List<String> ids() {
    return MethodCatalog.entries().stream().map(MethodCatalog.Entry::id).toList();
  }

  @ParameterizedTest
  @MethodSource("ids")
  void aStepHasTheForwardPassesThatTheDocumentationNames(String id) throws IOException {
    String cost = documented().get(id);
    Matcher passes = PASSES.matcher(cost);
    try (TextClassifier model = Golden.model(2, 0.1)) {
      Method method = Golden.method(id, Map.of());
      Counting counting =
          new Counting(
              MethodRegistry.create(
                  Golden.context(method, model, Golden.snapshot(method, model, SPLIT))));
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, SPLIT, Golden.training(1, null), Golden.SEED)
              .fit(model, counting, (step, steps, loss) -> {});

      boolean onlyProbes = cost.startsWith("no steps");
      assertThat(fit.steps()).isEqualTo(onlyProbes ? 0 : 5);
      assertThat(onlyProbes || passes.matches()).as("the cost of %s: %s", id, cost).isTrue();
      assertThat(counting.passes).isEqualTo(onlyProbes ? 0 : 5 * Integer.parseInt(passes.group(1)));
      assertThat(counting.passes)
          .as("as the report has it")
          .isEqualTo(5 * MethodCatalog.find(id).orElseThrow().passes());
      assertThat(counting.probes)
          .as("passes over the training set beforehand")
          .isEqualTo(cost.contains("1 F over the training set") ? 1 : 0);
    }
  }

  @Test
  void theTableHasEveryMethod() throws IOException {
    assertThat(documented()).containsOnlyKeys(ids());
  }

  /** The last column of the first table, by id. */
  private static Map<String, String> documented() throws IOException {
    Map<String, String> costs = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../docs/methods.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Matcher id = ID.matcher(row.group(1));
        while (id.find()) {
          costs.put(id.group(1), row.group(2));
        }
      }
    }
    return costs;
  }
}
