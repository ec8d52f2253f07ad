package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every object store does. Keys in one test never meet those of another. */
abstract class ObjectStoreContract {
  @TempDir Path files;

  /** The same store at every call. */
  abstract ObjectStore store();

  /** A prefix that nothing else has used. */
  abstract String prefix();

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(files, "put-", ""), text);
  }

  private String text(String key) throws IOException {
    Optional<InputStream> stream = store().get(key);
    assertThat(stream).as(key).isPresent();
    try (InputStream in = stream.get()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void givesBackWhatWasPut() throws IOException {
    String key = prefix() + "deep/er/key";
    assertThat(store().putIfAbsent(key, file("some text"))).isTrue();
    assertThat(store().exists(key)).isTrue();
    assertThat(text(key)).isEqualTo("some text");
  }

  @Test
  void storesEmptyFiles() throws IOException {
    assertThat(store().putIfAbsent(prefix() + "empty", file(""))).isTrue();
    assertThat(text(prefix() + "empty")).isEmpty();
  }

  @Test
  void hasNothingUnderOtherKeys() throws IOException {
    store().putIfAbsent(prefix() + "a/b", file("x"));
    assertThat(store().get(prefix() + "a/c")).isEmpty();
    assertThat(store().exists(prefix() + "a/c")).isFalse();
    assertThat(store().exists(prefix() + "a")).isFalse();
  }

  @Test
  void keepsTheFirstOfTwoPuts() throws IOException {
    String key = prefix() + "key";
    assertThat(store().putIfAbsent(key, file("first"))).isTrue();
    assertThat(store().putIfAbsent(key, file("second"))).isFalse();
    assertThat(text(key)).isEqualTo("first");
  }

  @Test
  void sixteenRacingPutsHaveOneWinner() throws Exception {
    race("small", 100);
  }

  @Test
  void racingPutsOfLargeFilesHaveOneWinnerToo() throws Exception {
    race("large", 12 << 20);
  }

  private void race(String name, int size) throws Exception {
    int racers = 16;
    String key = prefix() + name;
    CyclicBarrier start = new CyclicBarrier(racers);
    ExecutorService threads = Executors.newFixedThreadPool(racers);
    try {
      List<Future<Boolean>> wins = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        byte[] content = new byte[size];
        new Random(i).nextBytes(content);
        Path mine = Files.write(Files.createTempFile(files, "race-", ""), content);
        wins.add(
            threads.submit(
                () -> {
                  start.await();
                  return store().putIfAbsent(key, mine);
                }));
      }
      List<Integer> winners = new ArrayList<>();
      for (int i = 0; i < racers; i++) {
        if (wins.get(i).get()) {
          winners.add(i);
        }
      }
      assertThat(winners).hasSize(1);
      byte[] expected = new byte[size];
      new Random(winners.get(0)).nextBytes(expected);
      try (InputStream in = store().get(key).orElseThrow()) {
        assertThat(in.readAllBytes()).isEqualTo(expected);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void listsKeysByPrefixSorted() throws IOException {
    for (String key : List.of("list/b", "list/a/2", "list/a/1", "list/ab", "other")) {
      store().putIfAbsent(prefix() + key, file(key));
    }
    assertThat(store().list(prefix() + "list/a"))
        .containsExactly(prefix() + "list/a/1", prefix() + "list/a/2", prefix() + "list/ab");
    assertThat(store().list(prefix() + "list/")).hasSize(4);
    assertThat(store().list(prefix() + "nowhere/")).isEmpty();
  }

  @Test
  void entriesTellSizesAndTimes() throws IOException {
    Instant before = Instant.now().minus(Duration.ofMinutes(5));
    store().putIfAbsent(prefix() + "sized/a", file("12345"));
    store().putIfAbsent(prefix() + "sized/b", file(""));
    List<ObjectStore.Entry> entries = store().entries(prefix() + "sized/");
    assertThat(entries).extracting(ObjectStore.Entry::size).containsExactly(5L, 0L);
    assertThat(entries)
        .allSatisfy(
            entry ->
                assertThat(entry.modified())
                    .isBetween(before, Instant.now().plus(Duration.ofMinutes(5))));
  }

  @Test
  void deletesAndForgets() throws IOException {
    String key = prefix() + "doomed";
    store().putIfAbsent(key, file("x"));
    store().delete(key);
    assertThat(store().exists(key)).isFalse();
    store().delete(key);
    assertThat(store().putIfAbsent(key, file("again"))).isTrue();
  }

  @Test
  void copiesOverWhatIsThere() throws IOException {
    store().putIfAbsent(prefix() + "from", file("content"));
    store().putIfAbsent(prefix() + "to/there", file("old"));
    store().copy(prefix() + "from", prefix() + "to/there");
    store().copy(prefix() + "from", prefix() + "to/there");
    assertThat(text(prefix() + "to/there")).isEqualTo("content");
    store().delete(prefix() + "from");
    assertThat(text(prefix() + "to/there")).isEqualTo("content");
  }

  @Test
  void failsToCopyWhatIsNotThere() {
    assertThatThrownBy(() -> store().copy(prefix() + "absent", prefix() + "to"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("absent");
  }
}
