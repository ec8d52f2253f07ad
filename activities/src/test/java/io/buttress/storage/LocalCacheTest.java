package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.buttress.study.Blob;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Of a disk that takes a million bytes. */
class LocalCacheTest {
  private static final int BLOB = 100_000;
  private static final long DISK = 1_000_000;

  @TempDir Path directory;
  private FileSystem disk;
  private Path cache;
  private ObjectStore objects;
  private int made;

  @BeforeEach
  void mount() throws IOException {
    disk =
        Jimfs.newFileSystem(
            Configuration.unix().toBuilder()
                .setAttributeViews("basic", "unix")
                .setBlockSize(1000)
                .setMaxSize(DISK)
                .build());
    cache = disk.getPath("/cache");
    objects = new DirectoryObjectStore(directory.resolve("objects"));
  }

  @AfterEach
  void unmount() throws IOException {
    disk.close();
  }

  private ArtifactStore store(long budget) throws IOException {
    return new ArtifactStore(objects, space(budget), new MetricRegistry());
  }

  private CacheSpace space(long budget) {
    return new CacheSpace(
        cache, budget, new CacheSpace.Names("BUTTRESS_HOME", "BUTTRESS_CACHE_BYTES"));
  }

  /** Random bytes, in the object store alone. */
  private Artifact artifact() throws IOException {
    byte[] bytes = new byte[BLOB];
    new Random(made++).nextBytes(bytes);
    Path file = Files.write(directory.resolve("file"), bytes);
    return new ArtifactStore(objects, directory.resolve("maker"))
        .put(Json.sha256("artifact " + made), Map.of("a", file));
  }

  private static Blob blob(Artifact artifact) {
    return artifact.files().get("a");
  }

  private void lastUsed(Artifact artifact, Duration ago) throws IOException {
    Files.setLastModifiedTime(
        cache.resolve("blobs/" + blob(artifact).sha256()), FileTime.from(Instant.now().minus(ago)));
  }

  private boolean isCached(Artifact artifact) {
    return Files.exists(cache.resolve("blobs/" + blob(artifact).sha256()));
  }

  @Test
  void countsWhatItHasAndWhatItFetches() throws IOException {
    MetricRegistry metrics = new MetricRegistry();
    ArtifactStore store = new ArtifactStore(objects, space(Long.MAX_VALUE), metrics);
    Artifact artifact = artifact();
    store.file(artifact, "a");
    store.file(artifact, "a");
    store.file(artifact, "a");
    assertThat(metrics.counter("buttress.cache.misses").getCount()).isEqualTo(1);
    assertThat(metrics.counter("buttress.cache.hits").getCount()).isEqualTo(2);
    assertThat((double) metrics.getGauges().get("buttress.cache.disk.free.bytes").getValue())
        .isPositive();
  }

  @Test
  void whatWasUsedLeastRecentlyGoesFirst() throws IOException {
    ArtifactStore store = store(3 * BLOB);
    Artifact first = artifact();
    Artifact second = artifact();
    Artifact third = artifact();
    for (Artifact artifact : new Artifact[] {first, second, third}) {
      store.blob(blob(artifact));
    }
    lastUsed(first, Duration.ofHours(3));
    lastUsed(second, Duration.ofHours(5));
    lastUsed(third, Duration.ofHours(4));

    store.blob(blob(artifact()));
    assertThat(isCached(second)).isFalse();
    assertThat(isCached(first)).isTrue();
    assertThat(isCached(third)).isTrue();
    assertThat(store.find(second.key())).contains(second);
    assertThat(store.blob(blob(second))).hasSize(BLOB);
  }

  @Test
  void usingAFileKeepsItHere() throws IOException {
    ArtifactStore store = store(2 * BLOB);
    Artifact old = artifact();
    store.blob(blob(old));
    Artifact unused = artifact();
    store.blob(blob(unused));
    lastUsed(old, Duration.ofHours(9));
    lastUsed(unused, Duration.ofHours(2));
    // By another process: only the disk tells this one.
    store(2 * BLOB).blob(blob(old));

    store.blob(blob(artifact()));
    assertThat(isCached(old)).isTrue();
    assertThat(isCached(unused)).isFalse();
  }

  @Test
  void foldersGoWithTheFilesTheyLinkTo() throws IOException {
    ArtifactStore store = store(BLOB);
    Artifact old = artifact();
    Path folder = store.folder(old);
    lastUsed(old, Duration.ofHours(2));

    store.blob(blob(artifact()));
    assertThat(folder.resolve("a")).doesNotExist();
    assertThat(store.folder(old).resolve("a")).hasSize(BLOB);
  }

  @Test
  void whatIsInUseStaysEvenOverTheBudget() throws IOException {
    ArtifactStore store = store(BLOB);
    Artifact first = artifact();
    store.blob(blob(first));
    lastUsed(first, Duration.ofMinutes(50));
    Artifact second = artifact();
    store.blob(blob(second));
    assertThat(isCached(first)).isTrue();
    assertThat(isCached(second)).isTrue();
  }

  @Test
  void aFullDiskIsEmptiedOfWhatIsNotInUse() throws IOException {
    ArtifactStore store = store(Long.MAX_VALUE);
    Artifact old = artifact();
    store.folder(old);
    for (int i = 0; i < 9; i++) {
      store.blob(blob(artifact()));
    }
    lastUsed(old, Duration.ofHours(2));

    Artifact next = artifact();
    assertThat(store.blob(blob(next))).hasSize(BLOB);
    assertThat(isCached(old)).isFalse();
    assertThat(cache.resolve("incoming")).isEmptyDirectory();
  }

  @Test
  void aDiskThatStaysFullIsAnErrorThatSaysWhatToDoAndLeavesNothingBehind() throws IOException {
    ArtifactStore store = store(Long.MAX_VALUE);
    for (int i = 0; i < 10; i++) {
      store.blob(blob(artifact()));
    }
    Artifact next = artifact();
    Path file = Files.write(directory.resolve("mine"), new byte[2 * BLOB]);
    for (Attempt attempt :
        new Attempt[] {
          () -> store.blob(blob(next)), () -> store.put(next.key(), Map.of("b", file))
        }) {
      assertThatThrownBy(attempt::run)
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll("/cache", "MB free", "BUTTRESS_HOME", "BUTTRESS_CACHE_BYTES");
    }
    assertThat(isCached(next)).isFalse();
    assertThat(cache.resolve("incoming")).isEmptyDirectory();
    try (Stream<Path> blobs = Files.list(cache.resolve("blobs"))) {
      assertThat(blobs).allSatisfy(blob -> assertThat(blob).hasSize(BLOB));
    }
    assertThat(objects.exists("blobs/" + blob(next).sha256())).isTrue();
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws IOException;
  }

  @Test
  void aStoreOnTheSameDiskHasRoomMadeForIt() throws IOException {
    Artifact old = artifact();
    Path stored = directory.resolve("stored");
    // Full, until the cache has given something up.
    ObjectStore full =
        new FaultyObjectStore(objects) {
          @Override
          public boolean putIfAbsent(String key, Path file) throws IOException {
            if (isCached(old)) {
              throw new DiskWriteException(stored, new IOException("no space"));
            }
            return super.putIfAbsent(key, file);
          }
        };
    ArtifactStore store = new ArtifactStore(full, space(Long.MAX_VALUE), new MetricRegistry());
    store.blob(blob(old));
    lastUsed(old, Duration.ofHours(2));

    Blob blob = store.putBlob(Files.writeString(directory.resolve("mine"), "mine"));
    assertThat(objects.exists("blobs/" + blob.sha256())).isTrue();
    assertThat(isCached(old)).isFalse();
  }

  @Test
  void scratchMakesRoomForTheLargestObject() throws IOException {
    ArtifactStore store = store(Long.MAX_VALUE);
    Artifact old = artifact();
    store.blob(blob(old));
    Artifact inUse = artifact();
    store.blob(blob(inUse));
    lastUsed(old, Duration.ofHours(2));
    try (ScratchFolder scratch = store.scratch()) {
      assertThat(scratch.root()).isEmptyDirectory();
      assertThat(isCached(old)).isFalse();
      assertThat(isCached(inUse)).isTrue();
    }
    assertThat(cache.resolve("scratch")).isEmptyDirectory();
  }
}
