package io.buttress.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.ObjectStore;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttemptsTest {
  @TempDir Path folder;
  private ObjectStore store;

  @BeforeEach
  void open() throws IOException {
    store = new DirectoryObjectStore(folder.resolve("store"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void fiveLostWorkersInARowAreEnough() {
    for (int number = 1; number <= 5; number++) {
      assertThatCode(attempt(number)::begin).doesNotThrowAnyException();
    }
    assertThatThrownBy(attempt(6)::begin)
        .isInstanceOfSatisfying(
            ApplicationFailure.class, failure -> assertThat(failure.isNonRetryable()).isTrue());
  }

  @Test
  void aCheckpointStartsTheCountAnew() throws IOException {
    checkpoint("trial", "run-3");
    assertThatCode(attempt(8)::begin).doesNotThrowAnyException();
    assertThatThrownBy(attempt(9)::begin).isInstanceOf(ApplicationFailure.class);
    checkpoint("trial", "run-12");
    assertThatCode(attempt(17)::begin).doesNotThrowAnyException();
  }

  @Test
  void othersCheckpointsDoNotCount() throws IOException {
    checkpoint("another", "run-5");
    checkpoint("trial", "earlier-5");
    assertThatThrownBy(attempt(6)::begin).isInstanceOf(ApplicationFailure.class);
  }

  @Test
  void theFifthFailureInARowIsFinalAndKeepsItsMessage() throws IOException {
    RuntimeException failure = new EngineException("out of memory");
    assertThat(attempt(4).failed(failure)).isSameAs(failure);
    assertThat(attempt(4).failed(new IOException("cut off")))
        .isNotInstanceOf(ApplicationFailure.class)
        .hasMessageContaining("cut off");
    assertThat(attempt(5).failed(failure))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            last -> {
              assertThat(last.isNonRetryable()).isTrue();
              assertThat(last.getOriginalMessage()).isEqualTo("out of memory");
            });
    checkpoint("trial", "run-5");
    assertThat(attempt(5).failed(failure)).isSameAs(failure);
  }

  @Test
  void aMistakeIsFinalAtOnceAndAHandOverNever() {
    assertThat(attempt(1).failed(new NullPointerException("no labels")))
        .isInstanceOfSatisfying(
            ApplicationFailure.class,
            mistake -> {
              assertThat(mistake.isNonRetryable()).isTrue();
              assertThat(mistake.getOriginalMessage()).isEqualTo("no labels");
            });
    ApplicationFailure handedOver = ApplicationFailure.newFailure("told to stop", "HandedOver");
    assertThat(attempt(5).failed(handedOver)).isSameAs(handedOver);
    assertThat(handedOver.isNonRetryable()).isFalse();
  }

  @Test
  void ofAttemptsThatOverlapTheOneThatBeganLastIsTheLatest() throws IOException {
    Attempts first = attempt(1);
    first.begin();
    assertThat(first.isLatest()).isTrue();
    first.begin();
    assertThat(first.isLatest()).as("its own, begun twice").isTrue();
    Attempts second = attempt(2);
    second.begin();
    assertThat(first.isLatest()).isFalse();
    assertThat(second.isLatest()).isTrue();
    Attempts ofAnotherRun = new Attempts(store, "trial", "another-run", 1);
    Path begun = folder.resolve("store/checkpoints/trial/run-2/begun");
    Files.setLastModifiedTime(begun, FileTime.from(Instant.now().minusSeconds(1)));
    ofAnotherRun.begin();
    assertThat(second.isLatest()).isFalse();
    assertThat(ofAnotherRun.isLatest()).isTrue();
  }

  private Attempts attempt(int number) {
    return new Attempts(store, "trial", "run", number);
  }

  private void checkpoint(String fingerprint, String attempt) throws IOException {
    Path file = Files.writeString(folder.resolve("manifest"), "{}");
    store.putIfAbsent("checkpoints/" + fingerprint + "/" + attempt + "/3.json", file);
  }
}
