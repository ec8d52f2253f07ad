package io.buttress.bench;

import static java.util.stream.Collectors.toMap;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.Progress;
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.method.Snapshot;
import io.buttress.model.Batch;
import io.buttress.model.ModelFolder;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.MethodCatalog;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.training.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.LoggerFactory;

/**
 * Time of a training step of every method over that of stl. Methods take turns in short runs, so
 * that whatever else the machine does hits all of them alike; medians are over single steps.
 *
 * <p>Arguments: model folder, batch size, length, rounds, methods ("all" or comma-separated ids).
 */
public final class StepCost {
  private static final int STEPS = 8;
  private static final int WARM_UP = 2;
  private static final int BATCHES = 500;
  private static final int MODELS = 5;
  private static final Map<String, Double> BARS = Map.of("repina-i", 1.02, "repina-mlp", 1.05);
  private static final Progress SILENT = (step, steps, loss) -> {};

  private StepCost() {}

  public static void main(String[] arguments) throws IOException {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    ModelFolder folder = ModelFolder.read(Path.of(arguments[0]));
    int batchSize = Integer.parseInt(arguments[1]);
    int length = Integer.parseInt(arguments[2]);
    int rounds = Integer.parseInt(arguments[3]);
    List<String> methods = new ArrayList<>(List.of("stl"));
    for (MethodCatalog.Entry entry : MethodCatalog.entries()) {
      // lp takes no steps.
      boolean wanted =
          arguments[4].equals("all") || List.of(arguments[4].split(",")).contains(entry.id());
      if (wanted && !entry.id().equals("stl") && !entry.id().equals("lp")) {
        methods.add(entry.id());
      }
    }
    Split split = Workload.inputs(folder, STEPS * batchSize, length, length);
    Map<Integer, Tensor> snapshot = snapshot(folder, split);
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int round = -1; round < rounds; round++) {
      List<String> turns = new ArrayList<>(methods);
      // No method always follows the same other one.
      if (round % 2 != 0) {
        Collections.reverse(turns);
      }
      for (String id : turns) {
        List<Double> steps = run(id, folder, split, batchSize, snapshot);
        if (round >= 0) {
          seconds.computeIfAbsent(id, key -> new ArrayList<>()).addAll(steps);
        }
        System.err.printf("\rround %d of %d: %-16s", round + 1, rounds, id);
      }
    }
    System.err.println();
    boolean held = report(seconds, batchSize, length);
    double making = batchSeconds(folder, split, batchSize);
    System.out.printf(
        "%nmaking a batch takes %.2f ms, %.2f %% of a step of stl%n",
        1e3 * making, 100 * making / Quantiles.median(seconds.get("stl")));
    System.out.printf("reading the model takes %.2f s, once a trial%n", modelSeconds(folder));
    System.exit(held ? 0 : 1);
  }

  private static List<Double> run(
      String id, ModelFolder folder, Split split, int batchSize, Map<Integer, Tensor> snapshot) {
    List<Double> seconds = new ArrayList<>();
    Training training = Workload.training(batchSize, "fp32", STEPS);
    try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1)) {
      MethodContext context =
          new MethodContext(
              Workload.method(id),
              training,
              TaskKind.CLASSIFICATION,
              1,
              model,
              new Snapshot(snapshot),
              Noise.ENGINE);
      long[] last = {0};
      new Trainer(TaskKind.CLASSIFICATION, split, training, 1)
          .fit(
              model,
              MethodRegistry.create(context),
              (step, steps, loss) -> {
                long now = System.nanoTime();
                if (step > WARM_UP) {
                  seconds.add((now - last[0]) / 1e9);
                }
                last[0] = now;
              });
    }
    return seconds;
  }

  /** The median time to put a batch on the device. */
  private static double batchSeconds(ModelFolder folder, Split split, int batchSize) {
    int[] rows = IntStream.range(0, batchSize).toArray();
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      long start = System.nanoTime();
      try (NDManager manager = NDManager.newBaseManager()) {
        Batch.of(split, rows, folder.config(), manager);
        seconds.add((System.nanoTime() - start) / 1e9);
      }
    }
    return Quantiles.median(seconds);
  }

  /** The median time to read an encoder's weights and to put them on the device. */
  private static double modelSeconds(ModelFolder folder) {
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < MODELS; i++) {
      long start = System.nanoTime();
      try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1)) {
        seconds.add((System.nanoTime() - start) / 1e9);
      }
    }
    return Quantiles.median(seconds);
  }

  /** As a study has it: in a mapped file. */
  private static Map<Integer, Tensor> snapshot(ModelFolder folder, Split split) throws IOException {
    try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1)) {
      Map<String, Tensor> tensors =
          new Evaluator(model, SILENT)
              .run(split, List.of(-1), Pooling.CLS).representations().entrySet().stream()
                  .collect(
                      toMap(
                          layer -> Integer.toString(layer.getKey()),
                          layer ->
                              Tensor.of(
                                  layer.getValue(),
                                  split.size(),
                                  layer.getValue().length / split.size())));
      Path file = Files.createTempFile("snapshot", ".safetensors");
      Safetensors.write(file, tensors);
      file.toFile().deleteOnExit();
      return Map.of(-1, Safetensors.read(file).get("-1"));
    }
  }

  /** Prints the table; false when a method is over its bar. */
  private static boolean report(Map<String, List<Double>> seconds, int batchSize, int length) {
    boolean held = true;
    double stl = Quantiles.median(seconds.get("stl"));
    System.out.printf(
        "%d x %d on %s, %d steps each%n%n",
        batchSize, length, Engine.getInstance().defaultDevice(), seconds.get("stl").size());
    System.out.println("| method | median, ms | quartiles, ms | over stl | allowed |");
    System.out.println("| --- | ---: | ---: | ---: | ---: |");
    for (Map.Entry<String, List<Double>> method : seconds.entrySet()) {
      double median = Quantiles.median(method.getValue());
      Double bar = BARS.get(method.getKey());
      held &= bar == null || median / stl <= bar;
      System.out.printf(
          "| %s | %.1f | %.1f to %.1f | %.3f | %s |%n",
          method.getKey(),
          1e3 * median,
          1e3 * Quantiles.of(method.getValue(), 0.25),
          1e3 * Quantiles.of(method.getValue(), 0.75),
          median / stl,
          bar == null ? "" : bar);
    }
    return held;
  }
}
