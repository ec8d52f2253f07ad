package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactStoreTest {
  private static final String KEY = Json.sha256(Map.of("artifact", "test"));

  @TempDir Path directory;
  private Path objects;
  private Path cache;
  private ArtifactStore store;

  @BeforeEach
  void open() throws IOException {
    objects = directory.resolve("objects");
    cache = directory.resolve("cache");
    store = open(cache);
  }

  private ArtifactStore open(Path cache) throws IOException {
    return new ArtifactStore(new DirectoryObjectStore(objects), cache);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "file-", ""), text);
  }

  private static void overwrite(Path file, String text) throws IOException {
    Files.delete(file);
    Files.writeString(file, text);
  }

  @Test
  void anotherProcessFindsFilesAndFolders() throws IOException {
    store.put(KEY, Map.of("a.txt", file("a"), "model/b.txt", file("b")));

    ArtifactStore other = open(directory.resolve("other"));
    Artifact artifact = other.get(KEY);
    assertThat(artifact.files()).containsOnlyKeys("a.txt", "model/b.txt");
    assertThat(other.file(artifact, "a.txt")).hasContent("a");
    assertThat(other.folder(artifact).resolve("model/b.txt")).hasContent("b");
    assertThat(directory.resolve("other/incoming")).isEmptyDirectory();
  }

  @Test
  void equalBytesAreStoredOnce() throws IOException {
    Blob one = store.putBlob(file("same"));
    Blob two = store.putBlob(file("same"));
    assertThat(two).isEqualTo(one);
    assertThat(store.objects().list("blobs/")).hasSize(1);
  }

  @Test
  void whoComesSecondAdopts() throws IOException {
    Artifact first = store.put(KEY, Map.of("a", file("one")));
    Artifact second = open(directory.resolve("other")).put(KEY, Map.of("a", file("two")));
    assertThat(second).isEqualTo(first);
  }

  @Test
  void racingWritersAgree() throws Exception {
    int racers = 16;
    CyclicBarrier start = new CyclicBarrier(racers);
    ExecutorService threads = Executors.newFixedThreadPool(racers);
    try {
      List<Future<Artifact>> artifacts = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        Path mine = file("content " + i);
        artifacts.add(
            threads.submit(
                () -> {
                  start.await();
                  return store.put(KEY, Map.of("a", mine));
                }));
      }
      Artifact first = artifacts.get(0).get();
      for (Future<Artifact> artifact : artifacts) {
        assertThat(artifact.get()).isEqualTo(first);
      }
      assertThat(store.get(KEY)).isEqualTo(first);
      assertThat(store.file(first, "a")).content().startsWith("content ");
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aCorruptBlobIsRemovedAndWhatNamesItIsMadeAnew() throws IOException {
    Blob blob = store.put(KEY, Map.of("a", file("good"))).files().get("a");
    overwrite(objects.resolve("blobs").resolve(blob.sha256()), "evil");

    ArtifactStore other = open(directory.resolve("other"));
    Artifact artifact = other.get(KEY);
    assertThatThrownBy(() -> other.file(artifact, "a"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("blobs/" + blob.sha256())
        .hasMessageContaining("corrupt");
    assertThat(directory.resolve("other/incoming")).isEmptyDirectory();

    assertThat(other.find(KEY)).isEmpty();
    assertThat(other.objects().list("")).isEmpty();
    assertThat(other.put(KEY, Map.of("a", file("good")))).isEqualTo(artifact);
    assertThat(open(directory.resolve("third")).file(artifact, "a")).hasContent("good");
  }

  @Test
  void aLostBlobMakesItsArtifactAbsent() throws IOException {
    Artifact artifact = store.put(KEY, Map.of("a", file("x"), "b", file("y")));
    store.objects().delete("blobs/" + artifact.files().get("b").sha256());

    assertThat(store.find(KEY)).as("a copy is at hand").contains(artifact);
    ArtifactStore other = open(directory.resolve("other"));
    assertThat(other.find(KEY)).isEmpty();
    assertThatThrownBy(() -> other.get(KEY))
        .isInstanceOf(LostArtifactException.class)
        .hasMessageContaining("refs/" + KEY);
    assertThat(other.objects().exists("refs/" + KEY)).isFalse();
    assertThat(store.put(KEY, Map.of("a", file("x"), "b", file("y")))).isEqualTo(artifact);
    assertThat(other.file(other.get(KEY), "b")).hasContent("y");
  }

  @Test
  void aBlobThatOnlyThisMachineStillHasIsCopied() throws IOException {
    Blob blob = store.putBlob(file("x"));
    store.objects().delete("blobs/" + blob.sha256());
    store.copy(blob, "shown/x");
    assertThat(objects.resolve("shown/x")).hasContent("x");
    assertThat(open(directory.resolve("other")).blob(blob)).hasContent("x");
  }

  @Test
  void whoMakesAnArtifactAnewReplacesOneThatNamesLostBlobs() throws IOException {
    Artifact lost = store.put(KEY, Map.of("a", file("one")));
    store.objects().delete("blobs/" + lost.files().get("a").sha256());

    ArtifactStore other = open(directory.resolve("other"));
    Artifact made = other.put(KEY, Map.of("a", file("two")));
    assertThat(other.file(other.get(KEY), "a")).hasContent("two");
    assertThat(made).isNotEqualTo(lost).isEqualTo(other.get(KEY));
  }

  @Test
  void corruptCopiesInTheCacheAreFetchedAnew() throws IOException {
    Artifact artifact = store.put(KEY, Map.of("a", file("good")));
    Path link = store.folder(artifact).resolve("a");
    // Through the link, as a program would that takes the folder for its own.
    Files.writeString(link, "evil");

    ArtifactStore later = open(cache);
    assertThat(later.file(artifact, "a")).hasContent("good");
    assertThat(later.folder(artifact).resolve("a")).hasContent("good");
  }

  @Test
  void anArtifactWhoseBlobIsGoneForGoodIsNotNamed() throws IOException {
    Blob blob = store.putBlob(file("x"));
    store.objects().delete("blobs/" + blob.sha256());
    Files.delete(cache.resolve("blobs").resolve(blob.sha256()));
    Artifact artifact = new Artifact(KEY, new TreeMap<>(Map.of("a", blob)));

    assertThatThrownBy(() -> store.putRef(artifact))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(blob.sha256());
    assertThat(store.find(KEY)).isEmpty();
  }

  @Test
  void missingThingsAreNamed() throws IOException {
    Artifact artifact = store.put(KEY, Map.of("a", file("x")));
    String other = Json.sha256("other");
    assertThat(store.find(other)).isEmpty();
    assertThatThrownBy(() -> store.get(other)).hasMessageContaining("refs/" + other);
    assertThatThrownBy(() -> store.file(artifact, "b")).hasMessageContaining("no file b");
    assertThatThrownBy(() -> store.blob(new Blob(other, 1))).hasMessageContaining(other);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "not json",
        "{\"key\":\"KEY\"}",
        "{\"key\":\"KEY\",\"files\":{\"a\":null}}",
        "{\"key\":\"KEY\",\"files\":{\"a\":{\"sha256\":\"../../../etc/passwd\",\"size\":1}}}",
        "{\"key\":\"KEY\",\"files\":{\"../a\":{\"sha256\":\"KEY\",\"size\":1}}}",
        "{\"key\":\"other\",\"files\":{}}"
      })
  void corruptRefsAreRemoved(String ref) throws IOException {
    store.objects().putIfAbsent("refs/" + KEY, file(ref.replace("KEY", KEY)));
    Artifact made = store.put(KEY, Map.of("a", file("new")));
    assertThat(made.files()).containsOnlyKeys("a");
    assertThat(open(directory.resolve("other")).find(KEY)).contains(made);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a", "../a", "a/../b", "a/./b"})
  void badFileNamesAreRefused(String name) throws IOException {
    Blob blob = store.putBlob(file("x"));
    Artifact artifact = new Artifact(KEY, new TreeMap<>(Map.of(name, blob)));
    assertThatThrownBy(() -> store.putRef(artifact)).isInstanceOf(IllegalArgumentException.class);
  }
}
