package io.buttress.model;

import io.buttress.study.Json;
import io.buttress.study.Seeds;
import io.buttress.study.Training;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * What src/test/python/families_golden.py wrote: a family's tiny model, and Python's numbers.
 *
 * @param examples {@code [n][2][length]}: token ids, segment ids
 * @param evenLength what examples are cut to where dropout is on
 * @param cls {@code [layers + 1][n][H]}: hidden states of {@code [CLS]} in one batch of all
 *     examples
 */
public record GoldenFamily(
    long seed,
    Training training,
    int[][][] examples,
    int evenLength,
    float[][][] cls,
    Map<String, Task> tasks) {

  /**
   * @param targets of the first examples, which are trained on
   * @param logits {@code [n][outputs]} before training
   * @param lossesWithDropout as the model's config has it, on {@link #evenSplit}
   */
  public record Task(
      int outputs, float[] targets, float[][] logits, float[] losses, float[] lossesWithDropout) {}

  public static GoldenFamily of(Family family) throws IOException {
    return Json.MAPPER.readValue(
        folder(family).resolve("golden.json").toFile(), GoldenFamily.class);
  }

  public static Path folder(Family family) {
    String name = "/io/buttress/golden/" + family.name().toLowerCase(Locale.ROOT);
    try {
      return Path.of(GoldenFamily.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All examples. */
  public Split split() {
    return split(new float[examples.length]);
  }

  /** As many examples as there are targets. */
  public Split split(float[] targets) {
    return new Split(column(0, targets.length), column(1, targets.length), targets);
  }

  /** The same, cut to equal length. */
  public Split evenSplit(float[] targets) {
    Split split = split(targets);
    return new Split(even(split.inputIds()), even(split.tokenTypeIds()), targets);
  }

  private int[][] even(int[][] rows) {
    return Arrays.stream(rows).map(row -> Arrays.copyOf(row, evenLength)).toArray(int[][]::new);
  }

  private int[][] column(int i, int n) {
    return Arrays.stream(examples, 0, n).map(example -> example[i]).toArray(int[][]::new);
  }

  /** The model with new layers drawn by the golden seed. */
  public TextClassifier model(ModelFolder folder, EncoderConfig config, int outputs) {
    return new TextClassifier(folder, config, outputs, p -> Seeds.derive(seed, p, 0));
  }
}
