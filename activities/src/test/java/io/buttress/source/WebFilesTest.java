package io.buttress.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.buttress.plan.Fixtures;
import io.buttress.study.Json;
import io.buttress.study.SourceUri;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import okhttp3.OkHttpClient;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebFilesTest {

  /** The server's address, and no other. */
  private static final Predicate<InetAddress> SERVER =
      address -> address.getHostAddress().equals("127.0.0.1");

  @TempDir Path folder;
  private FakeWeb server;
  private byte[] data;

  @BeforeEach
  void start() throws IOException {
    data = new byte[50_000];
    new Random(1).nextBytes(data);
    server = new FakeWeb().with("/d/train.tsv", data);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private WebFiles web(Predicate<InetAddress> admitted, Pace pace) throws IOException {
    return new WebFiles(folder, server.client(), admitted, pace, new MetricRegistry());
  }

  private Path fetch(WebFiles web, String uri) throws Exception {
    Path into = folder.resolve(UUID.randomUUID().toString());
    web.fetch(SourceUri.parse(uri), into, detail -> {});
    return into;
  }

  private Path train() throws Exception {
    return fetch(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv"));
  }

  private AbstractStringAssert<?> refusal(WebFiles web, String uri) {
    return Assertions.assertThat(
        Assertions.catchThrowableOfType(SourceException.class, () -> fetch(web, uri)).getMessage());
  }

  @Test
  void aFileComesWholeAndLeavesNothingElse() throws Exception {
    assertThat(train()).hasBinaryContent(data);
    assertThat(folder.resolve("parts")).isEmptyDirectory();
    assertThat(server.requests).containsExactly("/d/train.tsv null null");
  }

  @Test
  void aCutDownloadGoesOnIfTheFileIsTheSame() throws Exception {
    server.fails(FakeWeb.cut(20_000));
    assertThat(train()).hasBinaryContent(data);
    assertThat(server.requests)
        .containsExactly(
            "/d/train.tsv null null", "/d/train.tsv bytes=20000- \"" + FakeHub.sha256(data) + "\"");
  }

  @Test
  void soDoesOneThatAnEarlierProcessBegan() throws Exception {
    FakeHub.Fault[] always = new FakeHub.Fault[1000];
    Arrays.fill(always, FakeHub.status(503));
    server.fails(FakeWeb.cut(20_000));
    server.fails(always);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> fetch(web(SERVER, Paces.IMPATIENT), server.uri("/d/train.tsv")))
        .withMessageContaining("/d/train.tsv");
    server.close();
    try (FakeWeb other = new FakeWeb().with("/d/train.tsv", data)) {
      Path parts = folder.resolve("parts");
      // It has another port, and so another address.
      String old = Json.sha256(server.uri("/d/train.tsv"));
      String now = Json.sha256(other.uri("/d/train.tsv"));
      Files.move(parts.resolve(old), parts.resolve(now));
      Files.move(parts.resolve(old + ".validator"), parts.resolve(now + ".validator"));
      WebFiles web =
          new WebFiles(folder, other.client(), SERVER, Paces.QUICK, new MetricRegistry());
      assertThat(fetch(web, other.uri("/d/train.tsv"))).hasBinaryContent(data);
      assertThat(other.requests).singleElement().asString().contains("bytes=20000-");
    }
  }

  @Test
  void aFileThatHasChangedIsFetchedAnew() throws Exception {
    byte[] other = new byte[30_000];
    new Random(2).nextBytes(other);
    server.fails(
        (exchange, content) -> {
          FakeWeb.cut(20_000).answer(exchange, content);
          server.with("/d/train.tsv", other);
        });
    assertThat(train()).hasBinaryContent(other);
  }

  @Test
  void aServerThatIgnoresTheConditionMixesNoVersions() throws Exception {
    byte[] other = new byte[30_000];
    new Random(2).nextBytes(other);
    server.fails(
        FakeWeb.cut(20_000),
        (exchange, content) -> {
          exchange.getResponseHeaders().set("ETag", "\"other\"");
          exchange.getResponseHeaders().set("Content-Range", "bytes 20000-29999/30000");
          exchange.sendResponseHeaders(206, 10_000);
          exchange.getResponseBody().write(other, 20_000, 10_000);
          server.with("/d/train.tsv", other);
        });
    assertThat(train()).hasBinaryContent(other);
  }

  @Test
  void aPartThatIsLongerThanTheFileIsGivenUp() throws Exception {
    Path parts = folder.resolve("parts");
    String name = Json.sha256(server.uri("/d/train.tsv"));
    Files.createDirectories(parts);
    Files.write(parts.resolve(name), new byte[60_000]);
    Files.writeString(parts.resolve(name + ".validator"), '"' + FakeHub.sha256(data) + '"');
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  void aServerThatAlwaysBreaksOffAndBeginsAnewIsGivenUp() {
    server.with("/large", new byte[3_000_000]);
    FakeHub.Fault[] always = new FakeHub.Fault[1000];
    Arrays.fill(always, FakeHub.cut(2_000_000));
    server.fails(always);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> fetch(web(SERVER, Paces.IMPATIENT), server.uri("/large")))
        .withMessageContaining("/large");
  }

  @Test
  void failuresThatPassAreWaitedOut() throws Exception {
    server.fails(
        FakeHub.status(503),
        FakeHub.status(429, "Retry-After", "0"),
        FakeHub.dropped(),
        FakeHub.status(500));
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  void refusalsAreFinalAndSayWhatToDo() throws Exception {
    refusal(web(SERVER, Paces.QUICK), server.uri("/none.tsv")).contains("/none.tsv", "404");
    server.fails(FakeHub.status(403));
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv")).contains("403", "s3:");
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void whatIsPackedUnaskedIsRefused() throws Exception {
    server.fails(
        (exchange, content) -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          exchange.sendResponseHeaders(200, 0);
        });
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv")).contains("compresses");
  }

  @Test
  void whatIsTooLargeIsRefusedBeforeItComes() throws Exception {
    server.fails(
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 30_000_000_000L);
          exchange.getResponseBody().flush();
        });
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv")).contains("larger than 20000 MB");
  }

  @Test
  void redirectsAreFollowedAFewTimes() throws Exception {
    server.with("/a", data);
    server.fails(FakeWeb.redirect("/b"), FakeWeb.redirect(server.uri("/d/train.tsv?sig=1")));
    assertThat(fetch(web(SERVER, Paces.QUICK), server.uri("/a"))).hasBinaryContent(data);

    FakeHub.Fault[] always = new FakeHub.Fault[20];
    Arrays.fill(always, FakeWeb.redirect("/a"));
    server.fails(always);
    refusal(web(SERVER, Paces.QUICK), server.uri("/a")).contains("redirects more than 10 times");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://files.example/x", "ftp://files.example/x", "file:///etc/passwd", ":"})
  void redirectsToOtherSchemesAreRefused(String to) throws Exception {
    server.fails(FakeWeb.redirect(to));
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv")).contains("https");
  }

  @Test
  void redirectsWithAUserAreRefusedAndNotRepeated() throws Exception {
    server.fails(FakeWeb.redirect("https://me:secret@files.example:" + server.port() + "/x"));
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv"))
        .contains("user or password")
        .doesNotContain("secret");
    assertThat(server.requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "files.example"
      })
  void thisMachineIsNotReachedByAnyName(String host) throws Exception {
    WebFiles web = web(PublicAddresses::contain, Paces.QUICK);
    refusal(web, "https://" + host + ":" + server.port() + "/d/train.tsv")
        .contains("not on the public internet", "s3:");
    assertThat(server.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.2", "169.254.169.254", "[::1]", "0.0.0.0"})
  void norIsAnotherAddressByARedirect(String host) throws Exception {
    server.fails(FakeWeb.redirect("https://" + host + ":" + server.port() + "/latest/meta-data"));
    refusal(web(SERVER, Paces.QUICK), server.uri("/d/train.tsv"))
        .contains("not on the public internet");
    assertThat(server.requests).hasSize(1);
  }

  /** A name that means another address the second time. */
  @Test
  void theAddressThatIsConnectedToCounts() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    WebFiles web =
        new WebFiles(
            folder,
            server
                .client()
                .newBuilder()
                .dns(
                    host -> {
                      asked.add(host);
                      return List.of(
                          InetAddress.getByName(asked.size() == 1 ? "127.0.0.1" : "127.0.0.3"));
                    })
                .build(),
            SERVER,
            Paces.QUICK,
            new MetricRegistry());
    server.fails(
        (exchange, content) -> {
          exchange.getResponseHeaders().set("Connection", "close");
          FakeWeb.redirect("/d/train.tsv").answer(exchange, content);
        });
    refusal(web, server.uri("/a")).contains("not on the public internet");
    assertThat(asked).hasSize(2);
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void untrustedServersAreNotRead() throws Exception {
    WebFiles web =
        new WebFiles(
            folder,
            new OkHttpClient.Builder().dns(server.client().dns()).build(),
            SERVER,
            Paces.IMPATIENT,
            new MetricRegistry());
    assertThatThrownBy(() -> fetch(web, server.uri("/d/train.tsv")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("SSLHandshakeException");
    assertThat(server.requests).isEmpty();
  }

  @Test
  void aStudyFetchesAnArchiveOnceAndHoldsItToItsDigest() throws Exception {
    byte[] zip = Archives.zip("d/train.tsv", "text\tlabel\n", "d/dev.tsv.gz", "no gzip");
    server.with("/a.zip", zip);
    Sources sources =
        new Sources(
            Fixtures.NO_FILES,
            Fixtures.offlineHub(folder),
            web(SERVER, Paces.QUICK),
            Fixtures.NO_BUCKETS,
            folder.resolve("scratch"));
    String pin = "#sha256=" + FakeHub.sha256(zip);
    try (SourceSession session = sources.session()) {
      String train = server.uri("/a.zip!/d/train.tsv");
      assertThat(sources.dataFile(train + pin, session).path()).hasContent("text\tlabel\n");
      assertThat(sources.dataFile(train, session).path()).hasContent("text\tlabel\n");
      assertThatExceptionOfType(SourceException.class)
          .isThrownBy(() -> sources.dataFile(train + "#sha256=" + "0".repeat(64), session))
          .withMessageContainingAll("/a.zip", FakeHub.sha256(zip));
      assertThatExceptionOfType(SourceException.class)
          .isThrownBy(() -> sources.dataFile(server.uri("/a.zip!/train.tsv"), session))
          .withMessageContainingAll("/a.zip", "no file train.tsv", "it has d/train.tsv");
      assertThatExceptionOfType(SourceException.class)
          .isThrownBy(() -> sources.dataFile(server.uri("/a.zip!/d/dev.tsv.gz"), session))
          .withMessageContainingAll("/a.zip!/d/dev.tsv.gz", "broken");
    }
    assertThat(server.requests).hasSize(1);
    assertThat(folder.resolve("scratch/sources")).isEmptyDirectory();
  }
}
