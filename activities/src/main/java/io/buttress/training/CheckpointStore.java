package io.buttress.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.buttress.encoding.HandOver;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.CheckpointKeys;
import io.buttress.storage.Download;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpointing of a trial in the object store: {@code checkpoints/<fingerprint>/<attempt>/<steps
 * done>.safetensors}, then {@code <steps done>.json}, which tells the first one's sha256. Without
 * its manifest, or with other bytes than it tells, a checkpoint does not count.
 *
 * <p>Stored in the background, one at a time. An attempt keeps its newest two, writes and deletes
 * under its own prefix alone, and goes on from the newest of any attempt.
 */
public final class CheckpointStore implements Checkpointing, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
  private static final String MANIFEST = ".json";
  private static final String TENSORS = ".safetensors";
  private static final int KEPT = 2;

  /**
   * 2 holds only those rows of the word embeddings that are trained. Manifests of the first format
   * have no number.
   */
  private static final int FORMAT = 2;

  /** Attempts to read a checkpoint: one that is damaged may have been so in transit only. */
  private static final int READS = 2;

  /** Between checkpoints at least this many times what storing the last one took. */
  private static final int LEAST_INTERVALS = 20;

  private final ObjectStore store;
  private final String trial;
  private final String own;
  private final Numerics numerics;
  private final Duration interval;
  private final HandOver handOver;
  private final Listener listener;
  private final TrainingMetrics metrics;
  private final ScratchFolder scratch;
  private final ExecutorService background = Executors.newSingleThreadExecutor();
  private Future<Duration> storing;
  private long since = System.nanoTime();
  private Duration storingTakes = Duration.ZERO;
  private Duration lastTook;

  /**
   * {@code <steps done>.json}.
   *
   * @param format which tensors there are; other formats' checkpoints count as none
   * @param sha256 of the tensors' file
   */
  record Manifest(int format, Numerics numerics, String sha256, Checkpoint.Numbers numbers) {}

  /** Is told of each checkpoint from which another attempt could go on; in the background. */
  @FunctionalInterface
  public interface Listener {
    void stored(String key, Checkpoint.Numbers numbers);
  }

  /**
   * @param scratch for files on their way; closed with this
   * @param attempt tells this attempt at the trial from all others
   * @param numerics of this process: others' checkpoints would give other bits
   * @param interval between two checkpoints, at least
   * @param handOver once it is asked for, a checkpoint is due at once and ends the attempt
   */
  public CheckpointStore(
      ObjectStore store,
      ScratchFolder scratch,
      String fingerprint,
      String attempt,
      Numerics numerics,
      Duration interval,
      HandOver handOver,
      Listener listener,
      TrainingMetrics metrics)
      throws IOException {
    this.store = store;
    this.scratch = scratch;
    this.numerics = numerics;
    this.interval = interval;
    this.handOver = handOver;
    this.listener = listener;
    this.metrics = metrics;
    trial = CheckpointKeys.trial(fingerprint);
    own = CheckpointKeys.attempt(fingerprint, attempt);
  }

  @Override
  public Optional<Checkpoint> newest() {
    try {
      for (String key : manifests(trial)) {
        Optional<Checkpoint> checkpoint = read(key);
        if (checkpoint.isPresent()) {
          LOG.info("going on from step {} ({})", done(key), key);
          listener.stored(key, checkpoint.get().numbers());
          return checkpoint;
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      // Better another attempt, once the store answers, than training from the first step.
      throw new UncheckedIOException(e);
    }
  }

  /** Those below a prefix, the newest first. */
  private List<String> manifests(String prefix) throws IOException {
    return store.list(prefix).stream()
        .filter(key -> key.endsWith(MANIFEST))
        .sorted(Comparator.comparingInt(CheckpointStore::done).reversed())
        .toList();
  }

  private Optional<Checkpoint> read(String key) throws IOException {
    for (int attempt = 1; attempt <= READS; attempt++) {
      Optional<byte[]> json = Download.bytes(store, key);
      if (json.isEmpty()) {
        return Optional.empty();
      }
      try {
        Manifest manifest = Json.MAPPER.readValue(json.get(), Manifest.class);
        if (manifest.format() != FORMAT || !manifest.numerics().equals(numerics)) {
          return Optional.empty();
        }
        Path file = scratch.root().resolve("resumed" + TENSORS);
        Files.deleteIfExists(file);
        Optional<String> sha256 = Download.file(store, key.replace(MANIFEST, TENSORS), file);
        if (sha256.isEmpty()) {
          return Optional.empty();
        }
        if (sha256.get().equals(manifest.sha256())) {
          return Optional.of(new Checkpoint(manifest.numbers(), Safetensors.read(file)));
        }
      } catch (JsonProcessingException e) {
        LOG.warn("{} is no manifest: {}", key, e.getOriginalMessage());
      }
    }
    LOG.warn("{} is damaged and not used", key);
    return Optional.empty();
  }

  private static int done(String key) {
    String name = key.substring(key.lastIndexOf('/') + 1);
    return Integer.parseInt(name.substring(0, name.indexOf('.')));
  }

  @Override
  public boolean isDue() {
    if (handOver.isRequested()) {
      return true;
    }
    if (storing != null && !storing.isDone()) {
      return false;
    }
    settle();
    Duration least = storingTakes.multipliedBy(LEAST_INTERVALS);
    Duration wait = interval.compareTo(least) > 0 ? interval : least;
    return System.nanoTime() - since >= wait.toNanos();
  }

  /**
   * @throws io.temporal.failure.ApplicationFailure once a hand-over is asked for and the checkpoint
   *     is stored
   */
  @Override
  public void save(Checkpoint checkpoint) {
    settle();
    since = System.nanoTime();
    storing = background.submit(() -> store(checkpoint));
    if (handOver.isRequested()) {
      settle();
      handOver.check();
    }
  }

  private Duration store(Checkpoint checkpoint) throws IOException {
    long start = System.nanoTime();
    String name = own + checkpoint.numbers().done();
    Path tensors = scratch.root().resolve("saved" + TENSORS);
    Path manifest = scratch.root().resolve("saved" + MANIFEST);
    Safetensors.write(tensors, checkpoint.tensors());
    Files.writeString(
        manifest,
        Json.canonical(
            new Manifest(FORMAT, numerics, ArtifactStore.sha256(tensors), checkpoint.numbers())));
    store.putIfAbsent(name + TENSORS, tensors);
    store.putIfAbsent(name + MANIFEST, manifest);
    metrics.checkpoint(Duration.ofNanos(System.nanoTime() - start), Files.size(tensors));
    listener.stored(name + MANIFEST, checkpoint.numbers());
    List<String> manifests = manifests(own);
    for (String old : manifests.subList(Math.min(KEPT, manifests.size()), manifests.size())) {
      store.delete(old);
      store.delete(old.replace(MANIFEST, TENSORS));
    }
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** A store that fails costs a checkpoint, not the training. */
  private void settle() {
    try {
      if (storing != null) {
        Duration took = storing.get();
        // The faster of the last two: one may have waited for a store that was down.
        storingTakes = lastTook != null && lastTook.compareTo(took) < 0 ? lastTook : took;
        lastTook = took;
      }
    } catch (ExecutionException e) {
      metrics.checkpointLost();
      LOG.warn("a checkpoint is not stored: {}", e.getCause().getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      storing = null;
    }
  }

  /** Removes this attempt's checkpoints: the trial has ended. */
  public void remove() throws IOException {
    settle();
    CheckpointKeys.remove(store, own);
  }

  /** The last attempt in a workflow run that left a checkpoint of a trial; 0: none. */
  static int newestAttempt(ObjectStore store, String fingerprint, String run) throws IOException {
    String prefix = CheckpointKeys.trial(fingerprint) + run + "-";
    return store.list(prefix).stream()
        .filter(key -> key.endsWith(MANIFEST))
        .mapToInt(key -> Integer.parseInt(key.substring(prefix.length()).split("/")[0]))
        .max()
        .orElse(0);
  }

  /** Removes what late attempts left of trials that have a result. */
  public static void sweep(ObjectStore store, Set<String> fingerprints) throws IOException {
    for (String key : store.list(CheckpointKeys.FOLDER)) {
      if (fingerprints.contains(CheckpointKeys.fingerprint(key))) {
        store.delete(key);
      }
    }
  }

  /** Waits for what is being stored. */
  @Override
  public void close() throws IOException {
    settle();
    background.shutdown();
    scratch.close();
  }
}
