package io.buttress.result;

import io.buttress.activity.FineTune.FineTuned;
import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.evaluation.Metrics;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.StoredModels;
import io.buttress.study.Json;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Trial;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Keeps the model of the best trial of each (model, task, method, regime) of a study, and of no
 * other.
 *
 * <p>A trial that ends enters its group, {@code best/<group>/<rank>-<fingerprint>}, where the best
 * one is listed first. If that is the trial itself, its model is copied to where people look for
 * it. Then the group is listed again, and all but the first leave it, with their models. Who was
 * beaten stays beaten, and of two that enter at once at least one sees the other: nothing else is
 * coordinated.
 */
public final class BestModels {
  private static final String FOLDER = "best/";
  private static final int GROUP_DIGITS = 16;

  private final ObjectStore objects;
  private final StoredModels models;

  public BestModels(ObjectStore objects) {
    this.objects = objects;
    this.models = new StoredModels(objects);
  }

  /**
   * What a trial leaves in its group.
   *
   * @param trained where the training left the model
   * @param shown where people look for it
   */
  record Entry(String trained, String shown) {}

  /**
   * Lets a trial that is done take its place among those of its group; can be repeated.
   *
   * @param metrics split to metric to value
   * @param fitKey its training run
   * @param fitModel file name to key of the model in the training run, when that has one
   * @param runFolder prefix where the tracking server keeps the run's artifacts, when in our store
   * @throws IOException also when its model is deleted, because a better trial has entered, while
   *     it is copied: repeating it finds that trial
   */
  public void enter(
      StudyRun study,
      Trial trial,
      Map<String, Map<String, Double>> metrics,
      String fitKey,
      Map<String, String> fitModel,
      Optional<String> runFolder)
      throws IOException {
    String trained = StoredModels.trained(trial.fingerprint(), fitKey);
    Optional<Double> score = score(trial, metrics);
    if (score.isEmpty()) {
      models.delete(trained);
      return;
    }
    String group = group(study, trial);
    String shown =
        runFolder
            .map(folder -> folder + "/model")
            .orElse("models/" + group.substring(0, GROUP_DIGITS) + "/" + trial.fingerprint());
    String key = FOLDER + group + "/" + rank(score.get()) + "-" + trial.fingerprint();
    Entry own = put(key, new Entry(trained, shown));
    if (first(group).equals(key)) {
      if (!fitModel.isEmpty()) {
        models.copy(fitModel, own.shown());
      } else if (models.has(own.trained())) {
        models.copy(own.trained(), own.shown());
      }
    }
    List<String> entries = objects.list(FOLDER + group + "/");
    for (String other : entries.subList(1, entries.size())) {
      leave(other);
    }
    // Another may have made it leave while its model was copied.
    if (!entries.get(0).equals(key)) {
      delete(own);
    }
  }

  /** Where a trial's model is; empty unless it is the best, and its model is there. */
  public Optional<String> uri(StudyRun study, Trial trial) throws IOException {
    String first = first(group(study, trial));
    if (first.endsWith("-" + trial.fingerprint())) {
      Optional<Entry> entry = read(first);
      if (entry.isPresent() && models.has(entry.get().shown())) {
        return Optional.of(objects.uri(entry.get().shown()).toString());
      }
    }
    return Optional.empty();
  }

  /** Where the trainings of the best left their models, which later studies can use again. */
  public Set<String> trained() throws IOException {
    Set<String> trained = new HashSet<>();
    for (String key : objects.list(FOLDER)) {
      read(key).map(Entry::trained).ifPresent(trained::add);
    }
    return trained;
  }

  private void leave(String key) throws IOException {
    Optional<Entry> entry = read(key);
    if (entry.isPresent()) {
      delete(entry.get());
      objects.delete(key);
    }
  }

  private void delete(Entry entry) throws IOException {
    models.delete(entry.shown());
    models.delete(entry.trained());
  }

  /** Empty in a group without trials. */
  private String first(String group) throws IOException {
    return objects.list(FOLDER + group + "/").stream().findFirst().orElse("");
  }

  private Entry put(String key, Entry entry) throws IOException {
    Path file = Files.createTempFile("best-", ".json");
    try {
      Files.writeString(file, Json.canonical(entry));
      return objects.putIfAbsent(key, file) ? entry : read(key).orElse(entry);
    } finally {
      Files.delete(file);
    }
  }

  private Optional<Entry> read(String key) throws IOException {
    Optional<InputStream> stored = objects.get(key);
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = stored.get()) {
      return Optional.of(Json.MAPPER.readValue(in, Entry.class));
    }
  }

  /** The primary metric on the examples set apart, if the trial has such, else on validation. */
  private static Optional<Double> score(Trial trial, Map<String, Map<String, Double>> metrics) {
    Map<String, Double> split =
        metrics.get(trial.selection() == null ? ResolvedTask.VALIDATION : FineTuned.SELECTION);
    return split == null
        ? Optional.empty()
        : Optional.ofNullable(Metrics.mean(trial.dataset().task().spec().metric(), split));
  }

  /** Texts that sort as scores do, the greatest first. */
  static String rank(double score) {
    // Adding 0 makes a negative zero positive.
    long bits = Double.doubleToLongBits(score + 0.0);
    long ascending = bits < 0 ? ~bits : bits ^ Long.MIN_VALUE;
    return String.format("%016x", ~ascending);
  }

  private static String group(StudyRun study, Trial trial) {
    Map<String, Object> group = new TreeMap<>();
    group.put("studyKey", study.studyKey());
    // Another experiment has run folders of its own.
    group.put("studyRun", study.runId());
    group.put("model", trial.dataset().model().digest());
    group.put("task", trial.dataset().task().spec().id());
    group.put("method", trial.method().id());
    group.put("regime", trial.regime().id());
    return Json.sha256(group);
  }
}
