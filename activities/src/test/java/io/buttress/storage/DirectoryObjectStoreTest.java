package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryObjectStoreTest extends ObjectStoreContract {
  @TempDir Path root;
  private DirectoryObjectStore store;

  @BeforeEach
  void open() throws IOException {
    store = new DirectoryObjectStore(root);
  }

  @Override
  ObjectStore store() {
    return store;
  }

  @Override
  String prefix() {
    return "";
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "../outside", "a/../../outside", "/etc/passwd", ".incoming/x"})
  void refusesKeysOutside(String key) {
    assertThatThrownBy(() -> store.exists(key)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void showsUsersTheFile() throws IOException {
    Path file = Files.writeString(files.resolve("f"), "text");
    store.putIfAbsent("models/x/config.json", file);
    assertThat(Path.of(store.uri("models/x/config.json"))).hasContent("text");
    assertThat(Path.of(store.uri("models/x"))).isDirectory();
  }

  @Test
  void protectsWhatItShows() throws IOException {
    store.putIfAbsent("a", Files.writeString(files.resolve("f"), "text"));
    store.copy("a", "b");
    assertThat(Files.getPosixFilePermissions(Path.of(store.uri("b"))))
        .noneMatch(permission -> permission.name().endsWith("WRITE"));
  }

  @Test
  void leavesNothingBehind() throws IOException {
    Path file = Files.writeString(files.resolve("f"), "text");
    store.putIfAbsent("a", file);
    store.putIfAbsent("a", file);
    store.copy("a", "b");
    store.copy("a", "b");
    assertThat(root.resolve(".incoming")).isEmptyDirectory();
    assertThat(store.list("")).containsExactly("a", "b");
  }

  @Test
  void removesWhatKilledProcessesLeft() throws IOException {
    Path old = Files.createFile(root.resolve(".incoming/old"));
    Path young = Files.createFile(root.resolve(".incoming/young"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    new DirectoryObjectStore(root);
    assertThat(old).doesNotExist();
    assertThat(young).exists();
  }
}
