package io.buttress.regularizer;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearHeadTest {
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
    LinearHead.minimise(loss, ours);

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

  /** What separates the classes perfectly on little data is fitted hard; noise is not. */
  @Test
  void noiseGetsAStrongerPenaltyThanSignal() {
    Random random = new Random(3);
    float[][] features = new float[60][8];
    float[] signal = new float[60];
    float[] noise = new float[60];
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < features[i].length; j++) {
        features[i][j] = (float) random.nextGaussian();
      }
      signal[i] = features[i][2] > 0 ? 1 : 0;
      noise[i] = random.nextInt(2);
    }
    float[] sure = LinearHead.fit(features, signal, TaskKind.CLASSIFICATION, 2, 1).weight();
    float[] unsure = LinearHead.fit(features, noise, TaskKind.CLASSIFICATION, 2, 1).weight();
    assertThat(largest(sure)).isGreaterThan(10 * largest(unsure));
  }

  @Test
  void featuresMayHaveAnyScaleAndOffset() {
    Random random = new Random(4);
    float[][] features = new float[40][3];
    float[][] moved = new float[40][3];
    float[] targets = new float[40];
    for (int i = 0; i < features.length; i++) {
      for (int j = 0; j < 3; j++) {
        features[i][j] = (float) random.nextGaussian();
        moved[i][j] = 50 * features[i][j] + 300;
      }
      targets[i] = features[i][0] + 2 * features[i][1] + 5;
    }
    LinearHead plain = LinearHead.fit(features, targets, TaskKind.REGRESSION, 1, 1);
    LinearHead scaled = LinearHead.fit(moved, targets, TaskKind.REGRESSION, 1, 1);
    for (int j = 0; j < 3; j++) {
      assertThat(50 * scaled.weight()[j]).isCloseTo(plain.weight()[j], within(1e-3f));
    }
    assertThat(plain.weight()).containsExactly(new float[] {1, 2, 0}, within(1e-2f));
    assertThat(plain.bias()[0]).isCloseTo(5, within(1e-2f));
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static JsonNode json(String name) {
    String path = "/io/buttress/golden/" + name + ".json";
    try (InputStream in = LinearHeadTest.class.getResourceAsStream(path)) {
      return Json.MAPPER.readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
