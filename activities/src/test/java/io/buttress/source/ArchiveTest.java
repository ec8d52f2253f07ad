package io.buttress.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveTest {
  private static final Archive.Limits SMALL = new Archive.Limits(5, 100_000, 10, 10_000);
  private static final String ZEROS = "0".repeat(20_000);

  @TempDir Path folder;

  private Set<String> unpack(String kind, byte[] archive, Archive.Limits limits)
      throws SourceException, IOException {
    Path file = Files.write(folder.resolve("archive"), archive);
    Map<String, Path> wanted = Map.of("d/x.tsv", folder.resolve("x"));
    return new Archive(file, "https://h/a" + kind, limits).unpack(wanted);
  }

  private AbstractStringAssert<?> refusal(String kind, byte[] archive) {
    SourceException problem =
        catchThrowableOfType(SourceException.class, () -> unpack(kind, archive, SMALL));
    return Assertions.assertThat(problem.getMessage()).startsWith("https://h/a" + kind);
  }

  static Stream<Arguments> honest() throws IOException {
    String[] files = {"README", "hi", "d/x.tsv", "a\tb", "d/y.tsv", "c"};
    String[] dotted = {"./README", "hi", "./d/x.tsv", "a\tb", "./d/y.tsv", "c"};
    return Stream.of(
        Arguments.of(".zip", Archives.zip(files)),
        Arguments.of(".ZIP?v=1", Archives.zip(files)),
        Arguments.of(".tar.gz", Archives.tar(files)),
        Arguments.of(".tgz", Archives.tar(dotted)));
  }

  @ParameterizedTest
  @MethodSource
  void honest(String kind, byte[] archive) throws Exception {
    assertThat(unpack(kind, archive, SMALL)).containsExactly("README", "d/x.tsv", "d/y.tsv");
    assertThat(folder.resolve("x")).hasContent("a\tb");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing else is unpacked").hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "d/../../x", "/etc/x", "C:\\x", "..\\x", "\\x"})
  void pathsThatLeadOut(String name) throws Exception {
    String[] files = {"d/x.tsv", "a", name, "evil"};
    refusal(".zip", Archives.zip(files)).contains(name.replace('\\', '/'), "leads out");
    refusal(".tgz", Archives.tar(files)).contains(name.replace('\\', '/'), "leads out");
  }

  @Test
  void links() throws Exception {
    refusal(
            ".zip",
            Archives.zip(
                zip -> {
                  ZipArchiveEntry link = new ZipArchiveEntry("d/x.tsv");
                  link.setUnixMode(0120777);
                  Archives.add(zip, link, "/etc/passwd");
                }))
        .contains("d/x.tsv", "is a link");
    for (byte type : new byte[] {TarConstants.LF_SYMLINK, TarConstants.LF_LINK}) {
      refusal(
              ".tgz",
              Archives.tar(
                  tar -> {
                    TarArchiveEntry link = new TarArchiveEntry("d/x.tsv", type);
                    link.setLinkName("/etc/passwd");
                    Archives.add(tar, link, "");
                  }))
          .contains("d/x.tsv", "is a link");
    }
  }

  @Test
  void aFolderThatIsALinkLeadsNowhere() throws Exception {
    byte[] archive =
        Archives.tar(
            tar -> {
              TarArchiveEntry link = new TarArchiveEntry("d", TarConstants.LF_SYMLINK);
              link.setLinkName("/tmp");
              Archives.add(tar, link, "");
              Archives.add(tar, new TarArchiveEntry("d/x.tsv"), "a");
            });
    assertThat(unpack(".tgz", archive, SMALL)).contains("d/x.tsv");
    assertThat(folder.resolve("x")).isRegularFile().hasContent("a");
  }

  @Test
  void devices() throws Exception {
    for (byte type : new byte[] {TarConstants.LF_CHR, TarConstants.LF_BLK, TarConstants.LF_FIFO}) {
      refusal(
              ".tgz",
              Archives.tar(tar -> Archives.add(tar, new TarArchiveEntry("d/x.tsv", type), "")))
          .contains("d/x.tsv", "is a device");
    }
    refusal(
            ".zip",
            Archives.zip(
                zip -> {
                  ZipArchiveEntry device = new ZipArchiveEntry("d/x.tsv");
                  device.setUnixMode(0020666);
                  Archives.add(zip, device, "");
                }))
        .contains("d/x.tsv", "is a device");
  }

  @Test
  void namesThatAreThereTwice() throws Exception {
    String[] files = {"d/x.tsv", "a", "d/x.tsv", "b"};
    refusal(".zip", Archives.zip(files)).contains("d/x.tsv", "twice");
    refusal(".tgz", Archives.tar(files)).contains("d/x.tsv", "twice");
  }

  @Test
  void contentThatIsMuchMoreThanItsArchive() throws Exception {
    refusal(".zip", Archives.zip("d/x.tsv", ZEROS)).contains("d/x.tsv", "10 times the archive");
    refusal(".tgz", Archives.tar("d/x.tsv", ZEROS)).contains("d/x.tsv", "10 times the archive");
    // A tar is read through, whatever is wanted of it.
    refusal(".tgz", Archives.tar("other", ZEROS, "d/x.tsv", "a")).contains("10 times");
    assertThat(unpack(".zip", Archives.zip("other", ZEROS, "d/x.tsv", "a"), SMALL)).hasSize(2);
  }

  @Test
  void contentThatIsTooMuch() throws Exception {
    Archive.Limits generous = new Archive.Limits(5, 15_000, 1_000_000, 1_000);
    for (String kind : new String[] {".zip", ".tgz"}) {
      byte[] archive =
          kind.equals(".zip") ? Archives.zip("d/x.tsv", ZEROS) : Archives.tar("d/x.tsv", ZEROS);
      SourceException problem =
          catchThrowableOfType(SourceException.class, () -> unpack(kind, archive, generous));
      assertThat(problem).hasMessageContainingAll("d/x.tsv", "more than is taken");
    }
  }

  @Test
  void gzipsThatAreBombs() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(ZEROS.getBytes());
    }
    Path file = Files.write(folder.resolve("x.tsv.gz"), bytes.toByteArray());
    Path to = folder.resolve("x.tsv");
    Archive bomb = new Archive(file, "s3:b/x.tsv.gz", SMALL);
    assertThat(catchThrowableOfType(SourceException.class, () -> bomb.gunzip(to)))
        .hasMessageContainingAll("s3:b/x.tsv.gz", "10 times");
    new Archive(file, "s3:b/x.tsv.gz", Archive.Limits.DEFAULT).gunzip(to);
    assertThat(to).hasContent(ZEROS);
  }

  @Test
  void tooManyEntries() throws Exception {
    String[] files = {"1", "", "2", "", "3", "", "4", "", "5", "", "d/x.tsv", "a"};
    refusal(".zip", Archives.zip(files)).contains("more than 5 entries");
    refusal(".tgz", Archives.tar(files)).contains("more than 5 entries");
  }

  /** Names are kept in memory: one of a gigabyte would end the worker. */
  @Test
  void namesThatAreTooLong() throws Exception {
    byte[] archive =
        Archives.tar(
            tar -> {
              TarArchiveEntry name =
                  new TarArchiveEntry("././@LongLink", TarConstants.LF_GNUTYPE_LONGNAME);
              Archives.add(tar, name, "n".repeat(3 << 20));
              Archives.add(tar, new TarArchiveEntry("d/x.tsv"), "a");
            });
    SourceException problem =
        catchThrowableOfType(
            SourceException.class, () -> unpack(".tgz", archive, Archive.Limits.DEFAULT));
    assertThat(problem).hasMessageContainingAll("https://h/a.tgz", "its beginning");
  }

  @Test
  void whatIsBroken() throws Exception {
    byte[] zip = Archives.zip("d/x.tsv", "a".repeat(100));
    byte[] tar = Archives.tar("d/x.tsv", "a".repeat(100));
    refusal(".zip", Arrays.copyOf(zip, zip.length / 2)).contains("broken");
    refusal(".tgz", Arrays.copyOf(tar, tar.length / 2)).contains("broken");
    refusal(".zip", tar).contains("broken");
    refusal(".tgz", zip).contains("broken");
    refusal(".tgz", new byte[0]).contains("broken");
  }
}
