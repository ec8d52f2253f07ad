package io.buttress.result;

import static org.assertj.core.api.Assertions.assertThat;

import io.buttress.activity.TrackRun.StudyRun;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.Interleaved;
import io.buttress.storage.ObjectStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.storage.StoredModels;
import io.buttress.study.Json;
import io.buttress.study.Method;
import io.buttress.study.Studies;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Trial;
import io.buttress.study.Trials;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

class BestModelsTest {
  private static final StudyRun STUDY = new StudyRun("s", "a".repeat(64), null, "run");
  private static final StudyRun LATER = new StudyRun("s", "b".repeat(64), null, "run");

  private ScratchFolder scratch;
  private ObjectStore objects;
  private BestModels best;

  @BeforeTry
  void open() throws IOException {
    scratch = new ScratchFolder();
    objects = new DirectoryObjectStore(scratch.root().resolve("store"));
    best = new BestModels(objects);
  }

  @AfterTry
  void close() throws IOException {
    objects.close();
    scratch.close();
  }

  private static Trial trial(String method, long seed, Double selection) {
    TaskSpec task =
        TaskSpecBuilder.from(Studies.task("t")).metric(List.of("accuracy", "f1")).build();
    return Trials.of(
        Trials.trial()
            .dataset(Trials.dataset(task))
            .method(new Method(method, new TreeMap<>()))
            .seed(seed)
            .selection(selection)
            .keepModel(true)
            .onlyBest(true));
  }

  private static Trial trial(long seed) {
    return trial("stl", seed, null);
  }

  private static String fit(Trial trial) {
    return Json.sha256("fit of " + trial.fingerprint());
  }

  private void train(Trial trial) throws IOException {
    Path file = Files.writeString(scratch.root().resolve("file"), "of seed " + trial.seed());
    new StoredModels(objects)
        .put(
            StoredModels.trained(trial.fingerprint(), fit(trial)),
            Map.of("model.safetensors", file, "config.json", file));
  }

  private static void enter(ObjectStore objects, StudyRun study, Trial trial, double accuracy)
      throws IOException {
    enter(objects, study, trial, accuracy, Map.of());
  }

  private static void enter(
      ObjectStore objects, StudyRun study, Trial trial, double accuracy, Map<String, String> fit)
      throws IOException {
    new BestModels(objects)
        .enter(
            study,
            trial,
            Map.of("validation", Map.of("accuracy", accuracy, "f1", accuracy)),
            fit(trial),
            fit,
            Optional.empty());
  }

  private List<String> models() throws IOException {
    return objects.list("").stream().filter(key -> key.endsWith(".safetensors")).toList();
  }

  private void assertKept(StudyRun study, Trial trial) throws IOException {
    assertThat(best.uri(study, trial))
        .hasValueSatisfying(
            uri ->
                assertThat(Path.of(URI.create(uri)).resolve("model.safetensors"))
                    .hasContent("of seed " + trial.seed()));
  }

  /**
   * @param runs how many operations the one and the other do, by turns
   * @param apart whether trainings leave their models apart, where they are deleted; else the fits
   *     keep them
   */
  // Tries hundreds of interleavings.
  @Tag("slow")
  @Property(tries = 300)
  void whoeverClosesWhenOnlyTheBestKeepsItsModel(
      @ForAll @Size(min = 1, max = 2) List<@IntRange(max = 3) Integer> mine,
      @ForAll @Size(min = 1, max = 2) List<@IntRange(max = 3) Integer> others,
      @ForAll @Size(max = 10) List<@IntRange(min = 1, max = 12) Integer> runs,
      @ForAll boolean apart,
      @ForAll boolean twice)
      throws Exception {
    Map<Trial, Double> scores = new TreeMap<>(Comparator.comparing(Trial::fingerprint));
    List<Trial> first = trials(0, mine, scores, apart);
    List<Trial> second = trials(100, others, scores, apart);
    List<Boolean> schedule = new ArrayList<>();
    for (int run : runs) {
      boolean before = !schedule.isEmpty() && schedule.get(schedule.size() - 1);
      schedule.addAll(Collections.nCopies(run, !before));
    }

    new Interleaved(schedule)
        .run(
            objects,
            store -> close(store, first, scores, apart, twice),
            store -> close(store, second, scores, apart, twice));

    double greatest = scores.values().stream().mapToDouble(score -> score).max().orElseThrow();
    Trial expected =
        scores.keySet().stream()
            .filter(trial -> scores.get(trial) == greatest)
            .findFirst()
            .orElseThrow();
    for (Trial trial : scores.keySet()) {
      if (trial.equals(expected)) {
        assertKept(STUDY, trial);
      } else {
        assertThat(best.uri(STUDY, trial)).isEmpty();
      }
    }
    assertThat(objects.list("models/")).hasSize(2);
    assertThat(objects.list("trained/")).hasSize(apart ? 2 : 0);
    assertThat(objects.list("best/")).hasSize(1);
  }

  private List<Trial> trials(long seed, List<Integer> scores, Map<Trial, Double> all, boolean apart)
      throws IOException {
    List<Trial> trials = new ArrayList<>();
    for (int score : scores) {
      Trial trial = trial(seed + trials.size());
      if (apart) {
        train(trial);
      } else {
        Path file = Files.writeString(scratch.root().resolve("file"), "of seed " + trial.seed());
        objects.putIfAbsent("blobs/" + trial.seed(), file);
      }
      trials.add(trial);
      all.put(trial, score / 4.0);
    }
    return trials;
  }

  private static void close(
      ObjectStore store,
      List<Trial> trials,
      Map<Trial, Double> scores,
      boolean apart,
      boolean twice)
      throws IOException {
    for (Trial trial : trials) {
      String blob = "blobs/" + trial.seed();
      Map<String, String> fit =
          apart ? Map.of() : Map.of("model.safetensors", blob, "config.json", blob);
      for (int time = 0; time < (twice ? 2 : 1); time++) {
        enterAtLast(store, trial, scores.get(trial), fit, scores.size());
      }
    }
  }

  /** A trial's model may be deleted while it is copied, once for each trial that beats it. */
  private static void enterAtLast(
      ObjectStore store, Trial trial, double score, Map<String, String> fit, int rivals)
      throws IOException {
    for (int beaten = 0; ; beaten++) {
      try {
        enter(store, STUDY, trial, score, fit);
        return;
      } catch (IOException e) {
        if (beaten == rivals) {
          throw e;
        }
      }
    }
  }

  @Property
  void ranksSortAsScoresDo(
      @ForAll @DoubleRange(min = -1, max = 1) double one,
      @ForAll @DoubleRange(min = -1, max = 1) double other) {
    assertThat(Integer.signum(BestModels.rank(one).compareTo(BestModels.rank(other))))
        .isEqualTo(one == other ? 0 : Double.compare(other, one));
  }

  @Example
  void aNegativeZeroIsAZero() {
    assertThat(BestModels.rank(-0.0)).isEqualTo(BestModels.rank(0.0));
  }

  @Example
  void groupsKeepOneEach() throws IOException {
    Trial one = trial("stl", 1, null);
    Trial other = trial("mixout", 2, null);
    for (Trial trial : List.of(one, other)) {
      train(trial);
      enter(objects, STUDY, trial, trial.seed() / 10.0);
    }
    assertKept(STUDY, one);
    assertKept(STUDY, other);
  }

  @Example
  void withSelectionItIsTheMetricOnWhatIsSetApart() throws IOException {
    for (long seed = 1; seed <= 2; seed++) {
      Trial trial = trial("stl", seed, 0.1);
      train(trial);
      best.enter(
          STUDY,
          trial,
          Map.of(
              "selection", Map.of("accuracy", seed / 10.0, "f1", 0.5),
              "validation", Map.of("accuracy", -seed / 10.0, "f1", 0.5)),
          fit(trial),
          Map.of(),
          Optional.empty());
    }
    assertThat(best.uri(STUDY, trial("stl", 1, 0.1))).isEmpty();
    assertKept(STUDY, trial("stl", 2, 0.1));
  }

  @Example
  void aTrialWithoutThatMetricKeepsNothing() throws IOException {
    Trial trial = trial(1);
    train(trial);
    best.enter(
        STUDY,
        trial,
        Map.of("validation", Map.of("accuracy", 0.5)),
        fit(trial),
        Map.of(),
        Optional.empty());
    assertThat(best.uri(STUDY, trial)).isEmpty();
    assertThat(models()).isEmpty();
  }

  /** A study with one seed more: nothing is trained again but the new trial. */
  @Example
  void aLaterStudyTakesTheModelOfAFormerBest() throws IOException {
    for (long seed = 1; seed <= 2; seed++) {
      train(trial(seed));
      enter(objects, STUDY, trial(seed), seed / 10.0);
    }
    for (long seed = 1; seed <= 2; seed++) {
      enter(objects, LATER, trial(seed), seed / 10.0);
    }
    assertKept(LATER, trial(2));

    train(trial(3));
    enter(objects, LATER, trial(3), 0.3);
    assertKept(LATER, trial(3));
    assertThat(best.uri(LATER, trial(2))).isEmpty();
    assertKept(STUDY, trial(2));
    assertThat(best.trained())
        .containsExactlyInAnyOrder(
            StoredModels.trained(trial(2).fingerprint(), fit(trial(2))),
            StoredModels.trained(trial(3).fingerprint(), fit(trial(3))));
    assertThat(models()).hasSize(3);
  }

  /** A study with one seed less: the best of it lost before, and its model is gone. */
  @Example
  void aFormerLoserThatIsBestNowHasNoModelAndSaysSo() throws IOException {
    for (long seed = 1; seed <= 2; seed++) {
      train(trial(seed));
      enter(objects, STUDY, trial(seed), seed / 10.0);
    }
    enter(objects, LATER, trial(1), 0.1);
    assertThat(best.uri(LATER, trial(1))).isEmpty();

    // Whoever trains it again puts that right.
    train(trial(1));
    enter(objects, LATER, trial(1), 0.1);
    assertKept(LATER, trial(1));
  }

  @Example
  void aModelThatItsTrainingRunKeepsIsTakenFromThere() throws IOException {
    Path file = Files.writeString(scratch.root().resolve("file"), "of seed 1");
    objects.putIfAbsent("blobs/weights", file);
    best.enter(
        STUDY,
        trial(1),
        Map.of("validation", Map.of("accuracy", 0.5, "f1", 0.5)),
        fit(trial(1)),
        Map.of("model.safetensors", "blobs/weights"),
        Optional.empty());
    assertKept(STUDY, trial(1));
    train(trial(2));
    enter(objects, STUDY, trial(2), 0.6);
    assertThat(best.uri(STUDY, trial(1))).isEmpty();
    assertThat(objects.exists("blobs/weights")).isTrue();
  }
}
