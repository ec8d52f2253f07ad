package io.buttress.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.ModelFolder;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.training.Trainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.slf4j.LoggerFactory;

/**
 * How much the memory of a process grows while it trains on batches of mixed shapes, from a tenth
 * of the steps to the last.
 *
 * <p>Arguments: model folder, method, steps, batch size, greatest length, precision.
 */
public final class MemoryGrowth {
  private static final double BAR = 0.05;
  private static final int EXAMPLES = 2000;
  private static final int SHORTEST = 4;

  private MemoryGrowth() {}

  public static void main(String[] arguments) throws IOException {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    ModelFolder folder = ModelFolder.read(Path.of(arguments[0]));
    int steps = Integer.parseInt(arguments[2]);
    int batchSize = Integer.parseInt(arguments[3]);
    int longest = Integer.parseInt(arguments[4]);
    Training training = Workload.training(batchSize, arguments[5], steps);
    Split split = Workload.inputs(folder, EXAMPLES, SHORTEST, longest);
    TreeMap<Integer, Double> megabytes = new TreeMap<>();
    try (TextClassifier model =
        new TextClassifier(folder, folder.config(), 2, purpose -> 1, training.bfloat16())) {
      MethodContext context =
          new MethodContext(
              Workload.method(arguments[1]),
              training,
              TaskKind.CLASSIFICATION,
              1,
              model,
              null,
              Noise.ENGINE);
      new Trainer(TaskKind.CLASSIFICATION, split, training, 1)
          .fit(
              model,
              MethodRegistry.create(context),
              (step, of, loss) -> {
                if (step > 0 && step % (steps / 10) == 0) {
                  megabytes.put(step, residentMegabytes());
                  System.err.printf("step %d of %d: %.0f MB%n", step, of, megabytes.get(step));
                }
              });
    }
    double before = megabytes.firstEntry().getValue();
    // The end's highest: a sawtooth must not end low by chance.
    double after =
        megabytes.tailMap(steps / 2).values().stream().mapToDouble(d -> d).max().orElseThrow();
    System.out.printf(
        "resident: %.0f MB at step %d, at most %.0f MB from step %d on: %+.1f %%%n",
        before, megabytes.firstKey(), after, steps / 2, 100 * (after / before - 1));
    System.exit(after / before - 1 < BAR ? 0 : 1);
  }

  private static double residentMegabytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1000)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
