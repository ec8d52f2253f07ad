package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.storage.FaultyObjectStore.Fault;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultyReadsTest {
  private static final String KEY = Json.sha256(Map.of("artifact", "test"));

  @TempDir Path directory;
  private FaultyObjectStore objects;
  private Artifact artifact;
  private Blob blob;

  /** Another process than the one that stored it. */
  private ArtifactStore store;

  @BeforeEach
  void open() throws IOException {
    objects = new FaultyObjectStore(new DirectoryObjectStore(directory.resolve("objects")));
    Path file = Files.writeString(directory.resolve("file"), "some content");
    artifact = new ArtifactStore(objects, directory.resolve("maker")).put(KEY, Map.of("a", file));
    blob = artifact.files().get("a");
    store = new ArtifactStore(objects, directory.resolve("cache"));
    objects.requests();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aBlobIsReadAgain(Fault fault) throws IOException {
    objects.damage("blobs/" + blob.sha256(), fault);
    assertThat(store.blob(blob)).hasContent("some content");
    assertThat(objects.requests()).hasSize(2);
    assertThat(directory.resolve("cache/incoming")).isEmptyDirectory();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aRefIsReadAgain(Fault fault) throws IOException {
    objects.damage("refs/" + KEY, fault);
    assertThat(store.find(KEY)).contains(artifact);
  }

  @Test
  void aStreamThatAlwaysBreaksOffIsAnErrorAndNothingIsRemoved() throws IOException {
    String key = "blobs/" + blob.sha256();
    objects.damage(key, Collections.nCopies(20, Fault.CUT).toArray(Fault[]::new));
    assertThatThrownBy(() -> store.blob(blob))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(key)
        .hasMessageContaining("connection reset");
    assertThat(objects.exists(key)).isTrue();
    assertThat(directory.resolve("cache/blobs")).isEmptyDirectory();
    assertThat(directory.resolve("cache/incoming")).isEmptyDirectory();
  }

  @Test
  void aBlobThatIsDamagedTwiceIsRemoved() throws IOException {
    String key = "blobs/" + blob.sha256();
    objects.damage(key, Fault.SHORT, Fault.FLIPPED);
    assertThatThrownBy(() -> store.blob(blob)).hasMessageContaining("corrupt");
    assertThat(objects.exists(key)).isFalse();
    assertThat(directory.resolve("cache/blobs")).isEmptyDirectory();
    assertThat(store.find(KEY)).isEmpty();
  }

  @Test
  void findingWhatIsAtHandAsksForTheRefAlone() throws IOException {
    store.find(KEY);
    assertThat(objects.requests())
        .containsExactly("get refs/" + KEY, "exists blobs/" + blob.sha256());
    store.file(artifact, "a");
    objects.requests();

    store.find(KEY);
    assertThat(objects.requests()).containsExactly("get refs/" + KEY);
    new ArtifactStore(objects, directory.resolve("cache")).find(KEY);
    assertThat(objects.requests()).containsExactly("get refs/" + KEY);
  }
}
