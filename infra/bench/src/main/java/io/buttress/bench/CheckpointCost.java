package io.buttress.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.codahale.metrics.MetricRegistry;
import io.buttress.encoding.EngineNumerics;
import io.buttress.encoding.HandOver;
import io.buttress.method.MethodContext;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.ModelFolder;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.MinioObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.S3Access;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.training.Checkpoint;
import io.buttress.training.CheckpointStore;
import io.buttress.training.Checkpointing;
import io.buttress.training.Trainer;
import io.buttress.training.TrainingMetrics;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.slf4j.LoggerFactory;

/**
 * What a checkpoint costs the training that goes on beside it. One run of training is cut into
 * blocks of equal length; half of them begin with a checkpoint. The time that one costs is the
 * difference of the medians: copying it, and what storing it takes from the steps.
 *
 * <p>Arguments: model folder, batch size, length, blocks of each kind, steps of a block, hidden
 * size of a random model in place of the folder's (0: the folder's).
 */
final class CheckpointCost {
  private static final double INTERVAL = 60;
  private static final double BAR = 0.02;

  private static final S3Access.Names S3 =
      new S3Access.Names(
          "AWS_ENDPOINT_URL_S3",
          "AWS_REGION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY",
          "AWS_SESSION_TOKEN",
          "AWS_CA_BUNDLE",
          "BUTTRESS_BUCKET");

  /** A checkpoint waits for so many times what storing the last one took. */
  private static final double LEAST_INTERVALS = 20;

  private final int steps;
  private final List<Double> without = new ArrayList<>();
  private final List<Double> with = new ArrayList<>();
  private final List<Double> copying = new ArrayList<>();
  private final List<Double> storing = new ArrayList<>();
  private long bytes;

  private long blockStart;
  private long due;
  private long saved;
  private volatile long stored;

  private CheckpointCost(int steps) {
    this.steps = steps;
  }

  public static void main(String[] arguments) throws Exception {
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    int batchSize = Integer.parseInt(arguments[1]);
    int length = Integer.parseInt(arguments[2]);
    int blocks = Integer.parseInt(arguments[3]);
    int steps = Integer.parseInt(arguments[4]);
    int hidden = Integer.parseInt(arguments[5]);
    Path scratch = Files.createTempDirectory("checkpoints-");
    Path source = Path.of(arguments[0]);
    ModelFolder folder =
        ModelFolder.read(hidden == 0 ? source : random(source, scratch.resolve("model"), hidden));
    CheckpointCost cost = new CheckpointCost(steps);
    try (ObjectStore objects = objects(scratch)) {
      cost.run(folder, objects, batchSize, length, blocks);
    }
    System.exit(cost.report() ? 0 : 1);
  }

  private static ObjectStore objects(Path scratch) throws IOException {
    Map<String, String> environment = System.getenv();
    String endpoint = environment.get(S3.endpoint());
    System.out.println("into " + (endpoint == null ? "a directory" : "the bucket at " + endpoint));
    return endpoint == null
        ? new DirectoryObjectStore(scratch.resolve("store"))
        : new MinioObjectStore(
            new S3Access(
                URI.create(endpoint),
                environment.getOrDefault(S3.region(), "us-east-1"),
                environment.get(S3.accessKey()),
                environment.get(S3.secretKey()),
                null,
                null,
                S3),
            environment.get(S3.bucket()),
            Duration.ofMinutes(1),
            new MetricRegistry());
  }

  private void run(ModelFolder folder, ObjectStore objects, int batchSize, int length, int blocks)
      throws IOException {
    // Two blocks to warm up, then pairs in the order without, with, with, without.
    int total = (2 + 2 * blocks) * steps;
    Training training = Workload.training(batchSize, "fp32", total);
    Split split = Workload.inputs(folder, steps * batchSize, length, length);
    try (TextClassifier model = new TextClassifier(folder, folder.config(), 2, purpose -> 1);
        CheckpointStore checkpoints =
            new CheckpointStore(
                objects,
                new ScratchFolder(),
                "benchmark-" + UUID.randomUUID(),
                "1",
                EngineNumerics.current(),
                Duration.ZERO,
                new HandOver(),
                (key, numbers) -> stored = System.nanoTime(),
                new TrainingMetrics(new MetricRegistry()))) {
      MethodContext context =
          new MethodContext(
              Workload.method("stl"),
              training,
              TaskKind.CLASSIFICATION,
              1,
              model,
              null,
              Noise.ENGINE);
      int[] done = {0};
      new Trainer(TaskKind.CLASSIFICATION, split, training, 1)
          .fit(
              model,
              MethodRegistry.create(context),
              null,
              null,
              new Checkpointing() {
                @Override
                public Optional<Checkpoint> newest() {
                  return Optional.empty();
                }

                @Override
                public boolean isDue() {
                  boolean starts = done[0] % steps == 0 && hasCheckpoint(done[0] / steps);
                  if (starts) {
                    checkpoints.isDue();
                    due = System.nanoTime();
                  }
                  return starts;
                }

                @Override
                public void save(Checkpoint checkpoint) {
                  bytes =
                      checkpoint.tensors().values().stream().mapToLong(t -> t.data().limit()).sum();
                  checkpoints.save(checkpoint);
                  saved = System.nanoTime();
                }
              },
              (step, of, loss) -> {
                done[0] = step;
                if (step % steps == 0) {
                  endBlock(step / steps - 1);
                  System.err.printf("\rblock %d of %d", step / steps, of / steps);
                }
              });
      System.err.println();
      checkpoints.remove();
    }
  }

  private static boolean hasCheckpoint(int block) {
    return block >= 2 && (block % 4 == 3 || block % 4 == 0);
  }

  private void endBlock(int block) {
    long now = System.nanoTime();
    double seconds = (now - blockStart) / 1e9;
    blockStart = now;
    if (hasCheckpoint(block)) {
      if (stored < saved) {
        throw new IllegalStateException(
            "a block ended before its checkpoint was stored: take more --steps");
      }
      with.add(seconds);
      copying.add((saved - due) / 1e9);
      storing.add((stored - saved) / 1e9);
    } else if (block >= 2) {
      without.add(seconds);
    }
  }

  /** Prints the table; false when checkpoints cost more than they may. */
  private boolean report() {
    double lost = Quantiles.median(with) - Quantiles.median(without);
    double interval = Math.max(INTERVAL, LEAST_INTERVALS * Quantiles.median(storing));
    System.out.printf(
        "%d blocks of %d steps of each kind; medians and quartiles%n%n", with.size(), steps);
    System.out.println("| | |");
    System.out.println("| --- | ---: |");
    System.out.printf("| checkpoint, MB | %.0f |%n", bytes / 1e6);
    System.out.printf("| copying it, while training waits, s | %s |%n", show(copying));
    System.out.printf("| storing it, in the background, s | %s |%n", show(storing));
    System.out.printf("| a block without one, s | %s |%n", show(without));
    System.out.printf("| a block with one, s | %s |%n", show(with));
    System.out.printf("| lost by one, s | %.2f |%n", lost);
    System.out.printf(
        "| of an interval of %.0f s | %.2f %% (allowed: %.0f %%) |%n",
        interval, 100 * lost / interval, 100 * BAR);
    return lost / interval <= BAR;
  }

  private static String show(List<Double> values) {
    return "%.2f (%.2f to %.2f)"
        .formatted(
            Quantiles.median(values), Quantiles.of(values, 0.25), Quantiles.of(values, 0.75));
  }

  /** A BERT of another size with the tokenizer of a folder: 12 layers, heads of 64. */
  private static Path random(Path source, Path folder, int hidden) throws IOException {
    Files.createDirectories(folder);
    Files.copy(source.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    int vocabulary = ModelFolder.read(source).config().vocabulary();
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "bert", "hidden_size": %d, "num_hidden_layers": 12,
         "num_attention_heads": %d, "intermediate_size": %d, "max_position_embeddings": 512,
         "type_vocab_size": 2, "vocab_size": %d, "hidden_act": "gelu", "pad_token_id": 0,
         "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
        """
            .formatted(hidden, hidden / 64, 4 * hidden, vocabulary));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Random random = new Random(1);
    normal(tensors, random, "embeddings.word_embeddings.weight", vocabulary, hidden);
    normal(tensors, random, "embeddings.position_embeddings.weight", 512, hidden);
    normal(tensors, random, "embeddings.token_type_embeddings.weight", 2, hidden);
    norm(tensors, "embeddings.LayerNorm", hidden);
    for (int i = 0; i < 12; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String name : List.of("self.query", "self.key", "self.value", "output.dense")) {
        linear(tensors, random, layer + "attention." + name, hidden, hidden);
      }
      norm(tensors, layer + "attention.output.LayerNorm", hidden);
      linear(tensors, random, layer + "intermediate.dense", 4 * hidden, hidden);
      linear(tensors, random, layer + "output.dense", hidden, 4 * hidden);
      norm(tensors, layer + "output.LayerNorm", hidden);
    }
    linear(tensors, random, "pooler.dense", hidden, hidden);
    Safetensors.write(folder.resolve("model.safetensors"), tensors);
    return folder;
  }

  private static void linear(
      Map<String, Tensor> tensors, Random random, String name, int outputs, int inputs) {
    normal(tensors, random, name + ".weight", outputs, inputs);
    tensors.put(name + ".bias", Tensor.of(new float[outputs], outputs));
  }

  private static void norm(Map<String, Tensor> tensors, String name, int size) {
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    tensors.put(name + ".weight", Tensor.of(ones, size));
    tensors.put(name + ".bias", Tensor.of(new float[size], size));
  }

  private static void normal(
      Map<String, Tensor> tensors, Random random, String name, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * 0.02);
    }
    tensors.put(name, Tensor.of(values, rows, columns));
  }
}
