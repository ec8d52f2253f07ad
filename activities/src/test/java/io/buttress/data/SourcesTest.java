package io.buttress.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
  @TempDir Path temporary;
  private Path folder;
  private Path inside;
  private Path outside;

  @BeforeEach
  void files() throws IOException {
    folder = temporary.toRealPath();
    inside = Files.createDirectories(folder.resolve("inside"));
    outside = Files.createDirectories(folder.resolve("outside"));
    Files.writeString(inside.resolve("a b.tsv"), "x");
    Files.writeString(outside.resolve("secret.tsv"), "x");
  }

  @Test
  void fileUrisInEachOfTheirForms() throws Exception {
    Sources sources = Fixtures.sources(folder);
    for (String prefix : new String[] {"file:", "file://", "file://localhost"}) {
      assertThat(sources.dataFile(prefix + inside + "/a%20b.tsv"))
          .isEqualTo(inside.resolve("a b.tsv"));
    }
  }

  @Test
  void badUrisSayWhatToDo() throws IOException {
    Sources sources = Fixtures.sources(folder);
    assertRefused(() -> sources.dataFile("file:" + inside + "/none.tsv"), "does not exist");
    assertRefused(() -> sources.dataFile("file:" + inside), "is a folder");
    assertRefused(() -> sources.dataFile("file:" + inside + "/a b.tsv"), "%20");
    assertRefused(() -> sources.dataFile("file:" + inside + "/a#b.tsv"), "%23");
    assertRefused(() -> sources.dataFile("file:train.tsv"), "not absolute");
    assertRefused(() -> sources.dataFile("file://host/train.tsv"), "not absolute");
    assertRefused(() -> sources.dataFile(inside + "/train.tsv"), "file:");
    assertRefused(() -> sources.dataFile("s3:bucket/train.tsv"), "no scheme that is known");
    assertRefused(() -> sources.dataFile("sample:poetry/train"), "sample:sentiment");
    assertRefused(() -> sources.dataFile("sample:sentiment/test"), "/validation");
    assertRefused(() -> sources.modelFolder("file:" + inside + "/a%20b.tsv"), "not a folder");
    assertRefused(() -> sources.modelFolder("bert-base"), "hf:");
  }

  @Test
  void rootsHoldAlsoAgainstLinksAndDots() throws Exception {
    Sources sources = Fixtures.sources(folder, inside);
    Files.createSymbolicLink(inside.resolve("link.tsv"), outside.resolve("secret.tsv"));
    Files.createSymbolicLink(inside.resolve("folder"), outside);
    assertThat(sources.dataFile("file:" + inside + "/a%20b.tsv")).exists();
    for (String path :
        new String[] {
          outside + "/secret.tsv",
          inside + "/link.tsv",
          inside + "/folder/secret.tsv",
          inside + "/../outside/secret.tsv",
          inside + "/%2e%2e/outside/secret.tsv",
          // Also, whether a file is there is nobody's business.
          outside + "/none.tsv",
          inside + "/folder/none.tsv",
          inside + "-not/none.tsv"
        }) {
      assertRefused(() -> sources.dataFile("file:" + path), "BUTTRESS_FILE_ROOTS");
    }
    assertRefused(
        () -> sources.inModelFolder(inside, "link.tsv", "file:" + inside), "BUTTRESS_FILE_ROOTS");
  }

  @Test
  void aRootMayItselfBeALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("data"), inside);
    assertThat(Fixtures.sources(folder, link).dataFile("file:" + link + "/a%20b.tsv")).exists();
  }

  @Test
  void modelsComeFromTheLocalHubCache() throws Exception {
    Path model = folder.resolve("hf/hub/models--org--name");
    Path first = Files.createDirectories(model.resolve("snapshots/abc123"));
    Path second = Files.createDirectories(model.resolve("snapshots/def456"));
    Files.createDirectories(model.resolve("refs/refs/pr"));
    Files.writeString(model.resolve("refs/main"), "abc123");
    Files.writeString(model.resolve("refs/refs/pr/1"), "def456\n");
    Sources sources = Fixtures.sources(folder);
    assertThat(sources.modelFolder("hf:org/name")).isEqualTo(first);
    assertThat(sources.modelFolder("hf:org/name@refs/pr/1")).isEqualTo(second);
    assertThat(sources.modelFolder("hf:org/name@def456")).isEqualTo(second);
    assertRefused(
        () -> sources.modelFolder("hf:org/name@v2"), "`hf download org/name --revision v2`");
    assertRefused(() -> sources.modelFolder("hf:org/other"), "`hf download org/other`");
    assertRefused(() -> sources.modelFolder("hf:../../etc"), "hf:org/name");
    assertRefused(() -> sources.modelFolder("hf:a/b/c"), "hf:org/name");
    assertRefused(() -> sources.modelFolder("hf:org/name@../../../inside"), "hf:org/name");
    assertRefused(() -> sources.modelFolder("hf:org/name@/etc"), "hf:org/name");
  }

  private static void assertRefused(ThrowingCallable call, String part) {
    assertThatExceptionOfType(SourceException.class).isThrownBy(call).withMessageContaining(part);
  }
}
