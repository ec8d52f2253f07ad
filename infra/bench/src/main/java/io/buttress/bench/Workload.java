package io.buttress.bench;

import io.buttress.model.ModelFolder;
import io.buttress.model.Split;
import io.buttress.study.Method;
import io.buttress.study.MethodCatalog;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;

/** What the benchmarks train with, and on. */
final class Workload {
  private Workload() {}

  /** A method with its defaults. */
  static Method method(String id) {
    TreeMap<String, Object> parameters = new TreeMap<>();
    MethodCatalog.find(id)
        .orElseThrow()
        .parameters()
        .forEach(parameter -> parameters.put(parameter.name(), parameter.defaultValue()));
    return new Method(id, parameters);
  }

  /** As studies train by default, but for so many steps. */
  static Training training(int batchSize, String precision, int steps) {
    return TrainingBuilder.from(Training.DEFAULT)
        .batchSize(batchSize)
        .maxLength(512)
        .precision(precision)
        .steps(steps)
        .minSteps(0)
        .build();
  }

  /** Random tokens and two labels, the same ones every time; lengths are drawn evenly. */
  static Split inputs(ModelFolder folder, int examples, int shortest, int longest) {
    Random random = new Random(1);
    int[][] ids = new int[examples][];
    int[][] types = new int[examples][];
    float[] targets = new float[examples];
    for (int i = 0; i < examples; i++) {
      ids[i] = new int[shortest + random.nextInt(longest - shortest + 1)];
      types[i] = new int[ids[i].length];
      Arrays.setAll(ids[i], j -> random.nextInt(folder.config().vocabulary()));
      targets[i] = random.nextInt(2);
    }
    return new Split(ids, types, targets);
  }
}
