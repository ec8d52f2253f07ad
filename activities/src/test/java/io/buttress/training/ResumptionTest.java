package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.buttress.collapse.Representations;
import io.buttress.encoding.Evaluator;
import io.buttress.encoding.HandOver;
import io.buttress.method.MethodRegistry;
import io.buttress.method.Noise;
import io.buttress.model.Pooling;
import io.buttress.model.Split;
import io.buttress.model.TextClassifier;
import io.buttress.result.MetricPoint;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.FaultyObjectStore;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Method;
import io.buttress.study.Numerics;
import io.buttress.study.TaskKind;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that was killed and goes on from a checkpoint ends with the bits of an undisturbed one. */
// Trains each method twice, and stores and reads checkpoints at random steps.
@Tag("slow")
class ResumptionTest {
  private static final int STEPS = 12;
  private static final Numerics NUMERICS = new Numerics("cpu", 2, "avx2");
  private static final Split ALL = Golden.split("two");
  private static final Split TRAIN = ALL.rows(IntStream.range(0, 15).toArray());
  private static final HeldOut APART =
      new HeldOut(ALL.rows(IntStream.range(15, ALL.size()).toArray()), 2, List.of("accuracy"));

  @TempDir Path folder;
  private final HandOver handOver = new HandOver();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private ObjectStore store;

  @BeforeEach
  void open() throws IOException {
    store = new DirectoryObjectStore(folder);
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** Weights by name, and every number of the history but times. */
  private record Outcome(Map<String, List<Float>> weights, List<MetricPoint> points, int steps) {}

  private static final class Killed extends RuntimeException {}

  /** Takes checkpoints after the given steps alone. */
  private record After(List<Integer> steps, Checkpointing inner, List<Integer> asked)
      implements Checkpointing {

    @Override
    public Optional<Checkpoint> newest() {
      return inner.newest();
    }

    @Override
    public boolean isDue() {
      asked.add(asked.size() + 1);
      return steps.contains(asked.size());
    }

    @Override
    public void save(Checkpoint checkpoint) {
      inner.save(checkpoint);
    }
  }

  static List<Method> methods() {
    return EveryMethodTest.methods().stream().filter(m -> !m.id().equals("lp")).toList();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void anyMethodGoesOnFromAnyStep(Method method) throws IOException {
    Training training = training(null, 2);
    Outcome undisturbed = train(method, training, Checkpointing.NONE, STEPS + 1);
    Random random = new Random(method.toString().hashCode());
    for (int i = 0; i < 2; i++) {
      int checkpoint = 1 + random.nextInt(STEPS - 2);
      int kill = checkpoint + 1 + random.nextInt(STEPS - 1 - checkpoint);
      assertThat(killedAndResumed(method, training, checkpoint, kill))
          .as("killed in step %d, checkpoint after %d", kill, checkpoint)
          .isEqualTo(undisturbed);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void beingWatchedChangesNothing(Method method) {
    Training training = training(null, null);
    Outcome watched = train(method, training, 4, Checkpointing.NONE, STEPS + 1);
    Outcome alone = train(method, training, 0, Checkpointing.NONE, STEPS + 1);
    assertThat(watched.weights()).isEqualTo(alone.weights());
    List<MetricPoint> seen = new ArrayList<>(watched.points());
    assertThat(seen).containsAll(alone.points());
    seen.removeAll(alone.points());
    assertThat(seen.stream().filter(point -> point.metric().endsWith("effective_rank")))
        .extracting(MetricPoint::step)
        .containsExactly(0, 3, 6, 9, 12);
    assertThat(seen)
        .filteredOn(point -> point.metric().endsWith("cka_pretrained") && point.step() == 12)
        .allSatisfy(point -> assertThat(point.value()).isBetween(0.0, 1.0));
  }

  @Test
  void earlyStoppingRemembersItsBestWeights() throws IOException {
    Method stl = Golden.stl();
    Training training = training(3, null);
    Outcome undisturbed = train(stl, training, Checkpointing.NONE, STEPS + 1);
    for (int checkpoint = 1; checkpoint < undisturbed.steps() - 1; checkpoint++) {
      assertThat(killedAndResumed(stl, training, checkpoint, checkpoint + 1))
          .as("checkpoint after %d", checkpoint)
          .isEqualTo(undisturbed);
    }
  }

  @Test
  void keepsTheNewestTwoAndRemovesItsOwn() throws IOException {
    try (CheckpointStore first = stored("first")) {
      kill(Golden.stl(), training(null, null), first, List.of(1, 3, 5, 7), 9);
    }
    assertThat(store.list("checkpoints/"))
        .containsExactly(
            "checkpoints/trial/first/5.json",
            "checkpoints/trial/first/5.safetensors",
            "checkpoints/trial/first/7.json",
            "checkpoints/trial/first/7.safetensors");
    try (CheckpointStore second = stored("second")) {
      assertThat(second.newest().orElseThrow().numbers().done()).isEqualTo(7);
      second.remove();
    }
    assertThat(store.list("checkpoints/")).hasSize(4);
    try (CheckpointStore again = stored("first")) {
      again.remove();
    }
    assertThat(store.list("checkpoints/")).isEmpty();
  }

  @Test
  void passesOverWhatIsDamagedTornOrOfAnotherMachineOrFormat() throws IOException {
    try (CheckpointStore first = stored("first")) {
      kill(Golden.stl(), training(null, null), first, List.of(3, 7), 9);
    }
    Path newest = folder.resolve("checkpoints/trial/first/7.safetensors");
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length - 1] ^= 1;
    Files.write(newest, bytes);
    assertThat(newest(NUMERICS)).hasValue(3);

    Files.delete(folder.resolve("checkpoints/trial/first/3.json"));
    assertThat(newest(NUMERICS)).isEmpty();

    bytes[bytes.length - 1] ^= 1;
    Files.write(newest, bytes);
    assertThat(newest(NUMERICS)).hasValue(7);
    assertThat(newest(new Numerics("cpu", 3, "avx2"))).isEmpty();
    assertThat(newest(new Numerics("cpu", 2, "avx512"))).isEmpty();
    Path manifest = folder.resolve("checkpoints/trial/first/7.json");
    String json = Files.readString(manifest);
    Files.writeString(manifest, json.replace("\"format\":2,", ""));
    assertThat(newest(NUMERICS)).isEmpty();
    Files.writeString(manifest, json);
    assertThat(newest(NUMERICS)).hasValue(7);
    Files.writeString(manifest, "{\"numer");
    assertThat(newest(NUMERICS)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(FaultyObjectStore.Fault.class)
  void readsAgainWhatIsDamagedOnTheWay(FaultyObjectStore.Fault fault) throws IOException {
    try (CheckpointStore first = stored("first")) {
      kill(Golden.stl(), training(null, null), first, List.of(3), 5);
    }
    for (String file : List.of("3.safetensors", "3.json")) {
      FaultyObjectStore faulty = new FaultyObjectStore(store);
      faulty.damage("checkpoints/trial/first/" + file, fault);
      try (CheckpointStore second = stored(faulty, "second", NUMERICS)) {
        assertThat(second.newest()).as(file).isPresent();
      }
    }
  }

  private Optional<Integer> newest(Numerics numerics) throws IOException {
    try (CheckpointStore other = stored(store, "other", numerics)) {
      return other.newest().map(checkpoint -> checkpoint.numbers().done());
    }
  }

  private final MetricRegistry metrics = new MetricRegistry();

  private CheckpointStore stored(String attempt) throws IOException {
    return stored(store, attempt, NUMERICS);
  }

  private CheckpointStore stored(ObjectStore from, String attempt, Numerics numerics)
      throws IOException {
    return new CheckpointStore(
        from,
        new ScratchFolder(),
        "trial",
        attempt,
        numerics,
        Duration.ZERO,
        handOver,
        (key, numbers) -> told.add(key),
        new TrainingMetrics(metrics));
  }

  private Outcome killedAndResumed(Method method, Training training, int checkpoint, int kill)
      throws IOException {
    try (CheckpointStore first = stored("first")) {
      kill(method, training, first, List.of(checkpoint), kill);
    }
    try (CheckpointStore second = stored("second");
        CheckpointStore first = stored("first")) {
      assertThat(second.newest().orElseThrow().numbers().done()).isEqualTo(checkpoint);
      Outcome outcome =
          train(method, training, new After(List.of(), second, new ArrayList<>()), STEPS + 1);
      first.remove();
      return outcome;
    }
  }

  private static void kill(
      Method method, Training training, Checkpointing inner, List<Integer> steps, int kill) {
    assertThatThrownBy(
            () -> train(method, training, new After(steps, inner, new ArrayList<>()), kill))
        .isInstanceOf(Killed.class);
  }

  private static Training training(Integer patience, Integer microBatchSize) {
    return TrainingBuilder.builder()
        .epochs(1)
        .batchSize(5)
        .learningRate(5e-3)
        .warmup(0.2)
        .maxLength(24)
        .precision("fp32")
        .weightDecay(0.1)
        .clipNorm(0.5)
        .schedule("linear")
        .steps(STEPS)
        .minSteps(0)
        .microBatchSize(microBatchSize)
        .patience(patience)
        .evaluateEvery(patience == null ? null : 2)
        .build();
  }

  /** Trains until the end, or until it has done so many steps, under watch. */
  private static Outcome train(
      Method method, Training training, Checkpointing checkpoints, int kill) {
    return train(method, training, 4, checkpoints, kill);
  }

  /**
   * @param moments of a watch; 0: none
   */
  private static Outcome train(
      Method method, Training training, int moments, Checkpointing checkpoints, int kill) {
    try (TextClassifier model = Golden.model(2, 0.2)) {
      Fit fit =
          new Trainer(TaskKind.CLASSIFICATION, TRAIN, training, Golden.SEED)
              .fit(
                  model,
                  MethodRegistry.create(
                      Golden.context(
                          method,
                          TaskKind.CLASSIFICATION,
                          model,
                          Golden.snapshot(method, model, TRAIN),
                          Noise.ENGINE)),
                  APART,
                  moments == 0 ? null : watch(model, moments),
                  checkpoints,
                  (step, steps, loss) -> {
                    if (step == kill) {
                      throw new Killed();
                    }
                  });
      return new Outcome(
          model.parameters().entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> list(e.getValue().toFloatArray()))),
          fit.history().stream()
              .filter(point -> !point.metric().equals("examples_per_second"))
              .map(point -> new MetricPoint(point.metric(), point.step(), 0, point.value()))
              .toList(),
          fit.steps());
    }
  }

  private static CollapseWatch watch(TextClassifier model, int moments) {
    float[] last =
        new Evaluator(model, (step, steps, loss) -> {})
            .run(ALL, List.of(-1), Pooling.CLS)
            .representations()
            .get(-1);
    return CollapseWatch.of(
        moments,
        ALL,
        -1,
        Pooling.CLS,
        Representations.of(Tensor.of(last, ALL.size(), last.length / ALL.size())));
  }

  private static List<Float> list(float[] values) {
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }
}
