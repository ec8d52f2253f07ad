package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

class PruneTest {
  private static final Instant YESTERDAY = Instant.now().minus(Duration.ofDays(1));
  private static final String FINGERPRINT = Json.sha256("trial");

  private ScratchFolder scratch;
  private Path root;
  private DirectoryObjectStore objects;
  private ArtifactStore store;

  @BeforeTry
  void open() throws IOException {
    scratch = new ScratchFolder();
    root = scratch.root().resolve("store");
    objects = new DirectoryObjectStore(root);
    store = open(objects, "cache");
  }

  @AfterTry
  void close() throws IOException {
    scratch.close();
  }

  private ArtifactStore open(ObjectStore objects, String cache) throws IOException {
    return new ArtifactStore(objects, scratch.root().resolve(cache));
  }

  private Prune prune() {
    return new Prune(objects, YESTERDAY, false);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(scratch.root(), "file-", ""), text);
  }

  private void put(String key) throws IOException {
    objects.putIfAbsent(key, file(key));
  }

  private void age(String key) throws IOException {
    Files.setLastModifiedTime(root.resolve(key), FileTime.from(YESTERDAY.minusSeconds(60)));
  }

  private static String name(int content) {
    return "content " + content;
  }

  private static String blob(int content) throws IOException {
    Path file = Files.createTempFile("blob-", "");
    try {
      return "blobs/" + ArtifactStore.sha256(Files.writeString(file, name(content)));
    } finally {
      Files.delete(file);
    }
  }

  /**
   * A store's contents, as numbers that stand for bytes.
   *
   * @param artifacts what each names; artifacts share blobs
   * @param loose stored, and named by none of these alone
   */
  record Contents(List<Set<Integer>> artifacts, Set<Integer> loose, Set<Integer> old) {}

  @Provide
  Arbitrary<Contents> contents() {
    Arbitrary<Set<Integer>> some = Arbitraries.integers().between(0, 9).set().ofMaxSize(6);
    return Combinators.combine(some.list().ofMaxSize(4), some, some).as(Contents::new);
  }

  // Tries hundreds of stores.
  @Tag("slow")
  @Property(tries = 150)
  void everyArtifactStaysReadableAndNoOldBlobWithoutRefIsLeft(
      @ForAll("contents") Contents contents, @ForAll boolean dryRun) throws IOException {
    for (int i = 0; i < contents.artifacts().size(); i++) {
      Map<String, Path> files = new TreeMap<>();
      for (int content : contents.artifacts().get(i)) {
        files.put("file-" + content, file(name(content)));
      }
      store.put(Json.sha256("artifact " + i), files);
    }
    Set<String> named =
        store.objects().list("blobs/").stream().collect(Collectors.toCollection(TreeSet::new));
    for (int content : contents.loose()) {
      store.putBlob(file(name(content)));
    }
    Set<String> expected = new TreeSet<>(objects.list("blobs/"));
    Set<String> doomed = new TreeSet<>();
    for (int content : contents.old()) {
      if (expected.contains(blob(content))) {
        age(blob(content));
        if (!named.contains(blob(content))) {
          doomed.add(blob(content));
        }
      }
    }

    Prune.Removed removed = new Prune(objects, YESTERDAY, dryRun).blobs();

    assertThat(removed)
        .isEqualTo(new Prune.Removed(doomed.size(), (long) doomed.size() * name(0).length()));
    if (!dryRun) {
      expected.removeAll(doomed);
    }
    assertThat(objects.list("blobs/")).containsExactlyElementsOf(expected);
    assertThat(objects.list("pruned/")).isEmpty();
    ArtifactStore elsewhere = open(objects, "elsewhere");
    for (int i = 0; i < contents.artifacts().size(); i++) {
      Artifact artifact = elsewhere.get(Json.sha256("artifact " + i));
      for (int content : contents.artifacts().get(i)) {
        assertThat(elsewhere.file(artifact, "file-" + content)).hasContent(name(content));
      }
    }
  }

  // Tries hundreds of stores.
  @Tag("slow")
  @Property(tries = 150)
  void aWriterWhoseBlobsArePrunedMeanwhileLosesNothing(
      @ForAll @Size(max = 40) List<Boolean> schedule) throws Exception {
    for (int content = 0; content < 2; content++) {
      store.putBlob(file(name(content)));
      age(blob(content));
    }
    String key = Json.sha256("written meanwhile");
    Map<String, Path> files = Map.of("a", file(name(0)), "b", file(name(1)));

    new Interleaved(schedule)
        .run(
            objects,
            store -> new Prune(store, YESTERDAY, false).blobs(),
            store -> open(store, "writer").put(key, files));

    ArtifactStore elsewhere = open(objects, "elsewhere");
    assertThat(elsewhere.file(elsewhere.get(key), "a")).hasContent(name(0));
    assertThat(elsewhere.file(elsewhere.get(key), "b")).hasContent(name(1));
    assertThat(objects.list("pruned/")).isEmpty();
  }

  @Example
  void anInterruptedPruningIsMadeUpFor() throws IOException {
    Artifact artifact = store.put(Json.sha256("a"), Map.of("a", file(name(0))));
    for (int content = 0; content < 2; content++) {
      store.putBlob(file(name(content)));
      age(blob(content));
      objects.copy(blob(content), blob(content).replace("blobs/", "pruned/") + "-interrupted");
      objects.delete(blob(content));
    }

    prune().blobs();

    assertThat(objects.list("pruned/")).isEmpty();
    assertThat(objects.list("blobs/")).containsExactly(blob(0));
    assertThat(open(objects, "elsewhere").file(artifact, "a")).hasContent(name(0));
  }

  @Example
  void aRefThatCannotBeReadEndsThePruningBeforeItBegan() throws IOException {
    store.putBlob(file(name(0)));
    age(blob(0));
    objects.putIfAbsent("refs/" + Json.sha256("a"), file("{"));

    assertThatThrownBy(() -> prune().blobs())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("corrupt");
    assertThat(objects.list("blobs/")).containsExactly(blob(0));
  }

  @Example
  void checkpointsOfATrialGoTogetherWhenAllAreOldAndItDoesNotRun() throws IOException {
    String ended = "checkpoints/" + FINGERPRINT + "/run-1/";
    String recent = "checkpoints/" + Json.sha256("recent") + "/run-1/";
    String running = "checkpoints/" + Json.sha256("running") + "/run-1/";
    for (String folder : List.of(ended, recent, running)) {
      put(folder + "10.safetensors");
      put(folder + "10.json");
      age(folder + "10.safetensors");
      if (!folder.equals(recent)) {
        age(folder + "10.json");
      }
    }
    int bytes = 2 * ended.length() + "10.safetensors10.json".length();

    Prune.Removed dry =
        new Prune(objects, YESTERDAY, true).checkpoints(Json.sha256("running")::equals);
    assertThat(objects.list("checkpoints/")).hasSize(6);
    Prune.Removed removed = prune().checkpoints(Json.sha256("running")::equals);

    assertThat(removed).isEqualTo(dry).isEqualTo(new Prune.Removed(2, bytes));
    assertThat(objects.list(ended)).isEmpty();
    assertThat(objects.list("checkpoints/")).hasSize(4);
  }

  @Example
  void modelsStayThatAreTheBestOfAStudyOrOfTrialsThatRun() throws IOException {
    String best = StoredModels.trained(Json.sha256("best"), "fit");
    String running = StoredModels.trained(Json.sha256("running"), "fit");
    String left = StoredModels.trained(FINGERPRINT, "fit");
    for (String folder : List.of(best, running, left)) {
      for (String name : List.of("/config.json", "/model.safetensors")) {
        put(folder + name);
        age(folder + name);
      }
    }

    Prune.Removed removed = prune().models(Json.sha256("running")::equals, Set.of(best));

    assertThat(removed.objects()).isEqualTo(2);
    assertThat(objects.list(left)).isEmpty();
    assertThat(objects.list("trained/")).hasSize(4);
  }

  @Example
  void whatKilledWritersLeftIsRemovedWhenOld() throws IOException {
    Path old = Files.writeString(root.resolve(".incoming/old"), "12345");
    Path young = Files.writeString(root.resolve(".incoming/young"), "1");
    age(".incoming/old");

    DirectoryObjectStore asItIs = DirectoryObjectStore.asItIs(root);
    assertThat(new Prune(asItIs, YESTERDAY, true).unfinished()).isEqualTo(new Prune.Removed(1, 5));
    assertThat(old).exists();
    assertThat(new Prune(asItIs, YESTERDAY, false).unfinished()).isEqualTo(new Prune.Removed(1, 5));
    assertThat(old).doesNotExist();
    assertThat(young).exists();
  }
}
