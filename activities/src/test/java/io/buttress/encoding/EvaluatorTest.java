package io.buttress.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.encoding.Evaluator.Outputs;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.training.Golden;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluatorTest {
  @ParameterizedTest
  @CsvSource({"300,256,CLS", "300,256,MEAN", "20,20,CLS"})
  void onePassKeepsEveryLayerOfTheFirstExamplesInTheSplitsOrder(
      int examples, int kept, Pooling pooling) {
    Split golden = Golden.split("two");
    Split split =
        golden.rows(IntStream.range(0, examples).map(i -> 7 * i % golden.size()).toArray());
    try (TextClassifier model = Golden.model(2, 0)) {
      Evaluator evaluator = new Evaluator(model, (step, steps, loss) -> {});
      List<Integer> all = IntStream.rangeClosed(0, model.config().layers()).boxed().toList();
      Map<Integer, float[]> complete = evaluator.run(split, all, pooling).representations();

      Outputs outputs = evaluator.runWithEveryLayer(split, List.of(-1), pooling);

      assertThat(outputs.everyLayer().keySet()).containsExactlyElementsOf(all);
      int width = model.config().hiddenSize();
      outputs
          .everyLayer()
          .forEach(
              (layer, rows) ->
                  assertThat(rows)
                      .as("layer %d", layer)
                      .isEqualTo(Arrays.copyOf(complete.get(layer), kept * width)));
      assertThat(outputs.representations().get(-1))
          .isEqualTo(complete.get(model.config().layers()));
      assertThat(outputs.logits()).hasDimensions(examples, 2);
    }
  }
}
