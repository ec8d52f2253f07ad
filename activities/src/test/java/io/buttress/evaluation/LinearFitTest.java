package io.buttress.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.Json;
import io.buttress.study.TaskKind;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearFitTest {
  private static final JsonNode METHODS = json("methods");
  private static final double[][] FEATURES =
      Json.MAPPER.convertValue(METHODS.get("features"), double[][].class);

  static List<JsonNode> heads() {
    return StreamSupport.stream(METHODS.get("heads").spliterator(), false).toList();
  }

  /** methods_golden.py asks LogisticRegression and Ridge. */
  @ParameterizedTest
  @MethodSource("heads")
  void theMinimumEqualsScikitLearns(JsonNode golden) {
    float[] targets =
        Json.MAPPER.convertValue(
            json("golden").get("tasks").get(golden.get("task").asText()).get("targets"),
            float[].class);
    double[][] weight = Json.MAPPER.convertValue(golden.get("weight"), double[][].class);
    double[] bias = Json.MAPPER.convertValue(golden.get("bias"), double[].class);
    int width = weight[0].length;
    double[] theirs = new double[bias.length * (width + 1)];
    for (int k = 0; k < bias.length; k++) {
      System.arraycopy(weight[k], 0, theirs, k * (width + 1), width);
      theirs[k * (width + 1) + width] = bias[k];
    }
    TaskKind kind = bias.length == 1 ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION;
    int[] all = IntStream.range(0, FEATURES.length).toArray();
    double l2 = golden.get("l2").asDouble();
    HeadLoss loss = new HeadLoss(FEATURES, targets, all, kind, bias.length, l2);

    double[] ours = new double[theirs.length];
    LinearFit.minimise(loss, ours);

    double largest = Arrays.stream(theirs).map(Math::abs).max().orElseThrow();
    assertThat(ours).containsExactly(theirs, within(1e-3 * largest));
    assertThat(loss.f(ours)).isCloseTo(loss.f(theirs), within(1e-6));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void gradientsAreThoseOfTheLoss(int outputs) {
    TaskKind kind = outputs == 1 ? TaskKind.REGRESSION : TaskKind.CLASSIFICATION;
    Random random = new Random(5);
    float[] targets = new float[FEATURES.length];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = random.nextInt(outputs);
    }
    int[] some = {0, 3, 4, 11, 20};
    HeadLoss loss = new HeadLoss(FEATURES, targets, some, kind, outputs, 0.3);
    double[] theta = random.doubles(outputs * (FEATURES[0].length + 1L), -1, 1).toArray();
    double[] gradient = new double[theta.length];
    loss.g(theta, gradient);
    for (int i = 0; i < theta.length; i++) {
      double[] up = theta.clone();
      double[] down = theta.clone();
      up[i] += 1e-6;
      down[i] -= 1e-6;
      assertThat(gradient[i]).isCloseTo((loss.f(up) - loss.f(down)) / 2e-6, within(1e-8));
    }
  }

  private static JsonNode json(String name) {
    String path = "/io/buttress/golden/" + name + ".json";
    try (InputStream in = LinearFitTest.class.getResourceAsStream(path)) {
      return Json.MAPPER.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
