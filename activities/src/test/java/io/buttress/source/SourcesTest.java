package io.buttress.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.codahale.metrics.MetricRegistry;
import io.buttress.dataset.DataFormat;
import io.buttress.plan.Fixtures;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.ObjectStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
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
      assertThat(dataFile(sources, prefix + inside + "/a%20b.tsv"))
          .isEqualTo(inside.resolve("a b.tsv"));
    }
  }

  @Test
  void badUrisSayWhatToDo() throws IOException {
    Sources sources = Fixtures.sources(folder);
    assertRefused(() -> dataFile(sources, "file:" + inside + "/none.tsv"), "does not exist");
    assertRefused(() -> dataFile(sources, "file:" + inside), "is a folder");
    assertRefused(() -> dataFile(sources, "file:" + inside + "/a b.tsv"), "%20");
    assertRefused(() -> dataFile(sources, "file:" + inside + "/a#b.tsv"), "%23");
    assertRefused(() -> dataFile(sources, "file:train.tsv"), "not absolute");
    assertRefused(() -> dataFile(sources, "file://host/train.tsv"), "not absolute");
    assertRefused(() -> dataFile(sources, inside + "/train.tsv"), "file:");
    assertRefused(() -> dataFile(sources, "s3:bucket/train.tsv"), "BUTTRESS_S3_BUCKETS");
    assertRefused(() -> modelFolder(sources, "s3:bucket/model"), "BUTTRESS_S3_BUCKETS");
    assertRefused(() -> dataFile(sources, "ftp://host/train.tsv"), "no scheme that is known");
    assertRefused(() -> dataFile(sources, "http://host/train.tsv"), "must be https");
    assertRefused(() -> dataFile(sources, "sample:poetry/train"), "sample:sentiment");
    assertRefused(() -> dataFile(sources, "sample:sentiment/test"), "/validation");
    assertRefused(() -> modelFolder(sources, "file:" + inside + "/a%20b.tsv"), "not a folder");
    assertRefused(() -> modelFolder(sources, "bert-base"), "hf:");
  }

  @Test
  void rootsHoldAlsoAgainstLinksAndDots() throws Exception {
    Sources sources = Fixtures.sources(folder, inside);
    Files.createSymbolicLink(inside.resolve("link.tsv"), outside.resolve("secret.tsv"));
    Files.createSymbolicLink(inside.resolve("folder"), outside);
    assertThat(dataFile(sources, "file:" + inside + "/a%20b.tsv")).exists();
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
      assertRefused(() -> dataFile(sources, "file:" + path), "BUTTRESS_FILE_ROOTS");
    }
    assertRefused(
        () -> sources.inModelFolder(inside, "link.tsv", "file:" + inside), "BUTTRESS_FILE_ROOTS");
  }

  @Test
  void aRootMayItselfBeALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("data"), inside);
    assertThat(dataFile(Fixtures.sources(folder, link), "file:" + link + "/a%20b.tsv")).exists();
  }

  @Test
  void modelsComeFromTheLocalHubCache() throws Exception {
    Path model = folder.resolve("hf/hub/models--org--name");
    Path first = Files.createDirectories(model.resolve("snapshots/abc123"));
    Path second = Files.createDirectories(model.resolve("snapshots/def456"));
    for (Path snapshot : List.of(first, second)) {
      Files.writeString(snapshot.resolve("config.json"), "{}");
      Files.writeString(snapshot.resolve("model.safetensors"), "");
    }
    Files.createDirectories(model.resolve("refs/refs/pr"));
    Files.writeString(model.resolve("refs/main"), "abc123");
    Files.writeString(model.resolve("refs/refs/pr/1"), "def456\n");
    Sources sources = Fixtures.sources(folder);
    assertThat(modelFolder(sources, "hf:org/name")).isEqualTo(first);
    assertThat(modelFolder(sources, "hf:org/name@refs/pr/1")).isEqualTo(second);
    assertThat(modelFolder(sources, "hf:org/name@def456")).isEqualTo(second);
    assertRefused(
        () -> modelFolder(sources, "hf:org/name@v2"), "`hf download org/name --revision v2`");
    assertRefused(() -> modelFolder(sources, "hf:org/other"), "`hf download org/other`");
    assertRefused(() -> modelFolder(sources, "hf:../../etc"), "hf:owner/name");
    assertRefused(() -> modelFolder(sources, "hf:a/b/c"), "hf:owner/name");
    assertRefused(() -> modelFolder(sources, "hf:org/name@../../../inside"), "hf:owner/name");
    assertRefused(() -> modelFolder(sources, "hf:org/name@/etc"), "hf:owner/name");
  }

  @Test
  void bucketsThatAreNamedAreReadAndNoOthers() throws Exception {
    ObjectStore bucket = new DirectoryObjectStore(folder.resolve("bucket"));
    Path model = Fixtures.model(folder.resolve("model"));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      bucket.putIfAbsent("models/tiny/" + name, model.resolve(name));
    }
    bucket.putIfAbsent("data/a b.tsv", inside.resolve("a b.tsv"));
    Sources sources =
        new Sources(
            Fixtures.NO_FILES,
            Fixtures.offlineHub(folder),
            new Buckets(Map.of("mine", bucket), "BUTTRESS_S3_BUCKETS"),
            folder.resolve("scratch"),
            new MetricRegistry());
    try (SourceSession session = sources.session()) {
      for (String uri : List.of("s3:mine/data/a%20b.tsv", "s3://mine/data/a%20b.tsv")) {
        assertThat(sources.dataFile(uri, session).path()).hasContent("x");
        assertThat(sources.dataFile(uri + "#sha256=" + FakeHub.sha256(new byte[] {'x'}), session))
            .isNotNull();
        assertRefused(
            () -> sources.dataFile(uri + "#sha256=" + "0".repeat(64), session), "#sha256=");
      }
      assertThat(sources.modelFolder("s3:mine/models/tiny/", session).path())
          .isDirectoryContaining("glob:**model.safetensors");
      assertThat(Fixtures.imported(Fixtures.store(folder), sources, "s3:mine/models/tiny").digest())
          .as("wherever it comes from")
          .isEqualTo(
              Fixtures.imported(Fixtures.store(folder), Fixtures.sources(folder), "file:" + model)
                  .digest());
      assertRefused(() -> sources.dataFile("s3:mine/none.tsv", session), "no object none.tsv");
      assertRefused(() -> sources.modelFolder("s3:mine/data", session), "data/config.json");
      assertRefused(() -> sources.dataFile("s3:other/a.tsv", session), "BUTTRESS_S3_BUCKETS: mine");
    }
  }

  @Test
  void filesAndModelsComeOutOfArchives() throws Exception {
    Path model = Fixtures.model(folder.resolve("model"));
    byte[] archive =
        Archives.tar(
            tar -> {
              for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
                tar.putArchiveEntry(new TarArchiveEntry(model.resolve(name), "tiny/" + name));
                Files.copy(model.resolve(name), tar);
                tar.closeArchiveEntry();
              }
            });
    Path file = Files.write(inside.resolve("m.tar.gz"), archive);
    Files.write(inside.resolve("d.zip"), Archives.zip("d/x y.tsv", "1", "d/z.tsv", "2"));
    try (OutputStream out = Files.newOutputStream(inside.resolve("d.jsonl.gz"));
        GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write('3');
    }
    Sources sources = Fixtures.sources(folder, inside);
    try (SourceSession session = sources.session()) {
      String start = "file:" + inside;
      assertThat(sources.dataFile(start + "/d.zip!/d/x%20y.tsv", session).path()).hasContent("1");
      assertThat(sources.dataFile(start + "/d.zip!/d/z.tsv", session).path()).hasContent("2");
      assertThat(sources.dataFile(start + "/d.jsonl.gz", session).path()).hasContent("3");
      assertThat(DataFormat.ofUri(start + "/d.jsonl.gz")).contains(DataFormat.JSONL);
      assertThat(DataFormat.ofUri(start + "/d.zip!/d/z.tsv")).contains(DataFormat.TSV);
      assertRefused(() -> sources.dataFile(start + "/d.zip", session), "name the file in it");
      assertRefused(() -> sources.modelFolder("file:" + file, session), "tiny/config.json");
      assertRefused(() -> sources.modelFolder("file:" + file + "!/big", session), "tiny/config");
      assertRefused(
          () -> sources.dataFile("file:" + outside + "/d.zip!/x.tsv", session),
          "BUTTRESS_FILE_ROOTS");
    }
    assertThat(
            Fixtures.imported(Fixtures.store(folder), sources, "file:" + file + "!/tiny").digest())
        .isEqualTo(
            Fixtures.imported(Fixtures.store(folder), Fixtures.sources(folder), "file:" + model)
                .digest());
  }

  private static Path dataFile(Sources sources, String uri) throws Exception {
    return sources.dataFile(uri, sources.session()).path();
  }

  private static Path modelFolder(Sources sources, String uri) throws Exception {
    return sources.modelFolder(uri, sources.session()).path();
  }

  private static void assertRefused(ThrowingCallable call, String part) {
    assertThatExceptionOfType(SourceException.class).isThrownBy(call).withMessageContaining(part);
  }
}
