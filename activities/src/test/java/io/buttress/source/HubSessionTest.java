package io.buttress.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.buttress.stack.SettingNames;
import io.buttress.study.HubUri;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class HubSessionTest {
  private static final String FIRST = "1".repeat(40);
  private static final String SECOND = "2".repeat(40);
  private static final String SECRET = "hf_verySecret";
  private static final Optional<String> TOKEN = Optional.of(SECRET);

  @TempDir Path home;
  private FakeHub server;
  private byte[] data;

  @BeforeEach
  void start() throws IOException {
    server = new FakeHub();
    data = new byte[50_000];
    new Random(1).nextBytes(data);
    server
        .repository("datasets/org/texts", FIRST)
        .with("part/train.tsv", data)
        .with("README.md", "# Texts");
    server
        .repository("models/org/name", FIRST)
        .with("config.json", "{}")
        .with("model.safetensors", data)
        .with("tokenizer.json", "{\"a\": 1}")
        .with("pytorch_model.bin", "pickle");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HubSession session(Optional<String> token) {
    return new HubSession(hub(token, Paces.QUICK));
  }

  private HubSession offline() {
    HubAccess access =
        new HubAccess(server.endpoint(), Optional.empty(), home, true, SettingNames.HUB);
    return new HubSession(new Hub(access, Paces.QUICK, new MetricRegistry()));
  }

  private Hub hub(Optional<String> token, Pace pace) {
    HubAccess access = new HubAccess(server.endpoint(), token, home, false, SettingNames.HUB);
    return new Hub(access, pace, new MetricRegistry());
  }

  private static HubUri uri(String text) {
    return HubUri.parse(text).orElseThrow();
  }

  private static final HubUri TRAIN = uri("hf:datasets/org/texts/part/train.tsv");
  private static final HubUri MODEL = uri("hf:org/name");

  private Path train() throws Exception {
    return session(Optional.empty()).file(TRAIN).path();
  }

  private Path blobs() {
    return home.resolve("hub/datasets--org--texts/blobs");
  }

  private Stream<FakeHub.Request> downloads() {
    return server.requests.stream().filter(r -> r.toCdn() && r.method().equals("GET"));
  }

  private static AbstractStringAssert<?> refusal(ThrowingCallable call) {
    return Assertions.assertThat(
            Assertions.catchThrowableOfType(SourceException.class, call).getMessage())
        .doesNotContain(SECRET);
  }

  @Test
  void filesLieAsPythonPutsThem() throws Exception {
    Located model = session(TOKEN).model(MODEL);
    assertThat(model.commit()).isEqualTo(FIRST);
    Path repository = home.resolve("hub/models--org--name");
    assertThat(model.path()).isEqualTo(repository.resolve("snapshots").resolve(FIRST));
    assertThat(repository.resolve("refs/main")).hasContent(FIRST);
    try (Stream<Path> files = Files.list(model.path())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .as("no pickle")
          .containsExactlyInAnyOrder("config.json", "model.safetensors", "tokenizer.json");
    }
    assertThat(Files.readSymbolicLink(model.path().resolve("model.safetensors")))
        .isEqualTo(Path.of("../../blobs", FakeHub.sha256(data)));
    byte[] config = "{}".getBytes(StandardCharsets.UTF_8);
    assertThat(Files.readSymbolicLink(model.path().resolve("config.json")))
        .isEqualTo(Path.of("../../blobs", FakeHub.gitSha1(config)));
    assertThat(model.path().resolve("model.safetensors")).hasBinaryContent(data);

    Path train = train();
    assertThat(train)
        .isEqualTo(blobs().resolveSibling("snapshots").resolve(FIRST).resolve("part/train.tsv"))
        .hasBinaryContent(data);
    assertThat(Files.readSymbolicLink(train))
        .isEqualTo(Path.of("../../../blobs", FakeHub.sha256(data)));
  }

  @Test
  void theTokenReachesTheHubAlone() throws Exception {
    session(TOKEN).model(MODEL);
    assertThat(server.requests.stream().filter(r -> !r.toCdn()))
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.authorization()).isEqualTo("Bearer " + SECRET));
    assertThat(server.requests.stream().filter(FakeHub.Request::toCdn))
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.authorization()).isNull());
  }

  @Test
  void whatIsInTheCacheIsNotFetchedAgain() throws Exception {
    session(TOKEN).model(MODEL);
    train();
    server.requests.clear();
    session(TOKEN).model(MODEL);
    train();
    assertThat(server.requests)
        .extracting(FakeHub.Request::path)
        .containsExactly(
            "/api/models/org/name/revision/main", "/api/datasets/org/texts/revision/main");
  }

  @Test
  void aNewCommitFetchesOnlyWhatIsNew() throws Exception {
    session(TOKEN).model(MODEL);
    server
        .repository("models/org/name", SECOND)
        .with("config.json", "{\"b\": 2}")
        .with("model.safetensors", data)
        .with("tokenizer.json", "{\"a\": 1}");
    server.requests.clear();
    Located model = session(TOKEN).model(MODEL);
    assertThat(model.commit()).isEqualTo(SECOND);
    assertThat(model.path().resolve("config.json")).hasContent("{\"b\": 2}");
    assertThat(model.path().resolve("model.safetensors")).hasBinaryContent(data);
    assertThat(downloads()).isEmpty();
    assertThat(home.resolve("hub/models--org--name/refs/main")).hasContent(SECOND);
    assertThat(offline().model(uri("hf:org/name@" + FIRST)).path().resolve("config.json"))
        .hasContent("{}");
  }

  @Test
  void aStudySeesOneCommit() throws Exception {
    FakeHub.Repository texts = server.repository("datasets/org/texts", FIRST);
    texts.with("train.tsv", "a").with("dev.tsv", "b");
    HubSession session = session(TOKEN);
    assertThat(session.file(uri("hf:datasets/org/texts/train.tsv")).commit()).isEqualTo(FIRST);
    server.requests.clear();
    assertThat(session.file(uri("hf:datasets/org/texts@main/dev.tsv")).commit()).isEqualTo(FIRST);
    assertThat(server.requests).noneMatch(r -> r.path().startsWith("/api/datasets"));
  }

  @Test
  void revisionsAreEscapedAndNoted() throws Exception {
    session(TOKEN).model(uri("hf:org/name@refs/pr/1"));
    session(TOKEN).file(uri("hf:datasets/org/texts@a%2Fb/part/train.tsv"));
    assertThat(server.requests)
        .extracting(FakeHub.Request::path)
        .contains(
            "/api/models/org/name/revision/refs%2Fpr%2F1",
            "/api/datasets/org/texts/revision/a%2Fb");
    assertThat(home.resolve("hub/models--org--name/refs/refs/pr/1")).hasContent(FIRST);
    assertThat(home.resolve("hub/datasets--org--texts/refs/a/b")).hasContent(FIRST);
  }

  @Test
  void aCutDownloadGoesOnWhereItStopped() throws Exception {
    server.cdnFails(FakeHub.cut(20_000));
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads())
        .extracting(FakeHub.Request::range)
        .containsExactly(null, "bytes=20000-");
  }

  @Test
  void soDoesOneThatAnotherProcessBegan() throws Exception {
    Files.createDirectories(blobs());
    Files.write(
        blobs().resolve(FakeHub.sha256(data) + ".buttress.incomplete"), Arrays.copyOf(data, 700));
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads()).extracting(FakeHub.Request::range).containsExactly("bytes=700-");
    try (Stream<Path> files = Files.list(blobs())) {
      assertThat(files).containsExactly(blobs().resolve(FakeHub.sha256(data)));
    }
  }

  @Test
  void aServerWithoutRangesStartsAgain() throws Exception {
    server.cdnFails(FakeHub.cut(20_000), FakeHub.whole());
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads()).hasSize(2);
  }

  @Test
  void aDownloadThatStandsStillIsBrokenOff() throws Exception {
    server.cdnFails(server.stall());
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads())
        .extracting(FakeHub.Request::range)
        .containsExactly(null, "bytes=25000-");
  }

  @Test
  void aTruncatedFileIsCompleted() throws Exception {
    server.cdnFails(FakeHub.truncated(100));
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads()).extracting(FakeHub.Request::range).containsExactly(null, "bytes=100-");
  }

  @Test
  void soIsOneThatIsTooLong() throws Exception {
    server.cdnFails(FakeHub.truncated(data.length + 10));
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  void aWaitThatIsTooLongIsNamed() {
    server.hubFails(FakeHub.status(429, "Retry-After", "7200"));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> session(TOKEN).file(TRAIN))
        .withMessageContainingAll(TRAIN.toString(), "429", "7200 s");
  }

  @Test
  void aWrongChecksumIsFetchedAnewAFewTimes() throws Exception {
    server.cdnFails(FakeHub.corrupt());
    assertThat(train()).hasBinaryContent(data);
    assertThat(downloads()).extracting(FakeHub.Request::range).containsExactly(null, null);
  }

  @Test
  void whatIsAlwaysCorruptIsRefusedAndNotKept() throws Exception {
    server.cdnFails(FakeHub.corrupt(), FakeHub.corrupt(), FakeHub.corrupt());
    refusal(this::train).contains("part/train.tsv", "checksum", "proxy");
    try (Stream<Path> files = Files.list(blobs())) {
      assertThat(files).isEmpty();
    }
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  void smallFilesAreCheckedByGitsDigest() {
    server
        .repository("models/org/small", SECOND)
        .with("config.json", "{}")
        .with("model.safetensors", data)
        .with("tokenizer.json", "{}")
        .serving("config.json", "[]");
    refusal(() -> session(TOKEN).model(uri("hf:org/small"))).contains("config.json", "checksum");
  }

  @Test
  void aBusyHubIsWaitedForAsItAsks() throws Exception {
    server.cdnFails(FakeHub.status(429, "Retry-After", "1"));
    Hub hub = hub(TOKEN, Paces.IMPATIENT);
    assertThat(new HubSession(hub).file(TRAIN).path()).hasBinaryContent(data);
    List<Instant> times = downloads().map(FakeHub.Request::at).toList();
    assertThat(times).hasSize(2);
    assertThat(Duration.between(times.get(0), times.get(1)))
        .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void failuresThatPassAreWaitedOut() throws Exception {
    server.hubFails(FakeHub.status(503), FakeHub.status(429), FakeHub.dropped());
    server.cdnFails(FakeHub.status(500), FakeHub.status(403), FakeHub.status(504));
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  void failuresThatStaySayWhere() {
    FakeHub.Fault[] always = new FakeHub.Fault[1000];
    Arrays.fill(always, FakeHub.status(503));
    server.hubFails(always);
    Hub hub = hub(TOKEN, Paces.IMPATIENT);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new HubSession(hub).file(TRAIN))
        .withMessageContainingAll(TRAIN.toString(), "503", "HF_ENDPOINT");
  }

  @Test
  void gatedRepositoriesSayWhereToAsk() {
    FakeHub.Repository gated =
        server
            .repository("models/org/gated", FIRST)
            .with("config.json", "{}")
            .with("model.safetensors", data)
            .with("tokenizer.json", "{}");
    gated.gate = "GatedRepo";
    HubUri uri = uri("hf:org/gated");
    refusal(() -> session(Optional.empty()).model(uri))
        .contains("hf:org/gated", "licence", server.endpoint() + "/org/gated", "set HF_TOKEN");
    refusal(() -> session(TOKEN).model(uri))
        .contains("licence", "HF_TOKEN's account", server.endpoint() + "/org/gated");
  }

  @Test
  void aTokenThatIsNotTakenIsSaidToBe() {
    server.hubFails(
        FakeHub.status(401, "X-Error-Message", "Invalid credentials in Authorization header"));
    refusal(() -> session(TOKEN).model(MODEL)).contains("HF_TOKEN", "Invalid credentials");
  }

  @Test
  void whatIsMissingIsNamed() {
    refusal(() -> session(Optional.empty()).model(uri("hf:org/none")))
        .contains("hf:org/none is not at " + server.endpoint(), "private", "set HF_TOKEN");
    refusal(() -> session(TOKEN).file(uri("hf:datasets/org/none/x.tsv")))
        .contains("hf:datasets/org/none/x.tsv", "HF_TOKEN's account");
    refusal(() -> session(TOKEN).model(uri("hf:org/name@none"))).contains("no revision 'none'");
    refusal(() -> session(TOKEN).file(uri("hf:datasets/org/texts/test.tsv")))
        .contains("no file test.tsv", "README.md, part/train.tsv");
  }

  @Test
  void modelsThatCannotBeReadAreRefusedBeforeTheyAreFetched() {
    server
        .repository("models/org/pickle", FIRST)
        .with("config.json", "{}")
        .with("pytorch_model.bin", "x");
    server
        .repository("models/org/shards", FIRST)
        .with("config.json", "{}")
        .with("model.safetensors.index.json", "{}");
    server
        .repository("models/org/slow", FIRST)
        .with("config.json", "{}")
        .with("model.safetensors", data);
    server.repository("models/org/other", FIRST).with("x.gguf", "x");
    refusal(() -> session(TOKEN).model(uri("hf:org/pickle"))).contains("pickle", "save_pretrained");
    refusal(() -> session(TOKEN).model(uri("hf:org/shards"))).contains("max_shard_size");
    refusal(() -> session(TOKEN).model(uri("hf:org/slow"))).contains("tokenizer.json");
    refusal(() -> session(TOKEN).model(uri("hf:org/other"))).contains("config.json");
    assertThat(server.requests).allMatch(r -> r.path().startsWith("/api/"));
  }

  @Test
  void offlineAsksNobody() throws Exception {
    session(TOKEN).model(MODEL);
    train();
    server.requests.clear();
    assertThat(offline().model(MODEL).commit()).isEqualTo(FIRST);
    assertThat(offline().file(TRAIN).path()).hasBinaryContent(data);
    refusal(() -> offline().model(uri("hf:org/other"))).contains("HF_HUB_OFFLINE", "hf download");
    refusal(() -> offline().file(uri("hf:datasets/org/texts/README.md")))
        .contains("HF_HUB_OFFLINE", "hf download org/texts README.md --repo-type dataset");
    assertThat(server.requests).isEmpty();
  }

  @Test
  void withoutANetworkTheCacheIsUsed() throws Exception {
    session(TOKEN).model(MODEL);
    train();
    URI nobody = server.endpoint();
    server.close();
    Hub unreachable = hub(TOKEN, Paces.IMPATIENT);
    assertThat(new HubSession(unreachable).model(MODEL).commit()).isEqualTo(FIRST);
    assertThat(new HubSession(unreachable).file(TRAIN).path()).hasBinaryContent(data);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> new HubSession(unreachable).model(uri("hf:org/other")))
        .withMessageContainingAll("hf:org/other", nobody.toString(), "HF_ENDPOINT");
    HubSession session = new HubSession(unreachable);
    session.file(TRAIN);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> session.file(uri("hf:datasets/org/texts/README.md")))
        .withMessageContainingAll("README.md", FIRST, "HF_ENDPOINT");
  }

  @Test
  void oneBlobIsFetchedOnceByMany() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    CountDownLatch all = new CountDownLatch(4);
    List<Future<Path>> paths = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      paths.add(
          threads.submit(
              () -> {
                all.countDown();
                all.await();
                return train();
              }));
    }
    for (Future<Path> path : paths) {
      assertThat(path.get()).hasBinaryContent(data);
    }
    threads.shutdown();
    assertThat(downloads()).hasSize(1);
  }

  @Test
  void aFullDiskIsNamed() throws Exception {
    Configuration small =
        Configuration.unix().toBuilder().setMaxSize(32_768).setBlockSize(1024).build();
    try (FileSystem disk = Jimfs.newFileSystem(small)) {
      Hub hub =
          new Hub(
              new HubAccess(server.endpoint(), TOKEN, disk.getPath("/hf"), false, SettingNames.HUB),
              Paces.QUICK,
              new MetricRegistry());
      assertThatThrownBy(() -> new HubSession(hub).file(TRAIN))
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll(TRAIN.toString(), "free", "HF_HOME");
      assertThat(downloads()).isEmpty();
    }
  }

  @Test
  void aTokenThatTheHubRepeatsIsNotTold() {
    server.hubFails(FakeHub.status(403, "X-Error-Message", "no access with " + SECRET));
    refusal(() -> session(TOKEN).model(MODEL)).contains("HF_TOKEN", "no access with ***");

    FakeHub.Fault broken =
        (exchange, content) -> {
          byte[] body = ("{" + SECRET).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
        };
    server.hubFails(broken);
    Throwable problem = Assertions.catchThrowable(() -> session(TOKEN).model(MODEL));
    assertThat(problem).hasMessageContaining("not a Hugging Face hub's");
    // Histories keep causes, too.
    for (Throwable t = problem; t != null; t = t.getCause()) {
      assertThat(t.toString()).doesNotContain(SECRET);
    }
  }

  @Test
  void whatWatchesMayEndTheDownload() throws Exception {
    HubSession watched =
        session(TOKEN)
            .telling(
                detail -> {
                  assertThat(detail).startsWith("part/train.tsv");
                  throw new IllegalStateException("cancelled");
                });
    assertThatThrownBy(() -> watched.file(TRAIN)).hasMessage("cancelled");
    assertThat(train()).hasBinaryContent(data);
  }

  @Test
  @Timeout(30)
  void alsoOneThatStandsStill() {
    assertThatThrownBy(
            () ->
                standStill(
                    () -> {
                      throw new IllegalStateException("cancelled");
                    }))
        .hasMessage("cancelled");
  }

  @Test
  @Timeout(30)
  void anInterruptEndsADownloadThatStandsStill() {
    assertThatThrownBy(() -> standStill(Thread.currentThread()::interrupt))
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  /** Downloads what stands still for a minute; acts when progress is told for the third time. */
  private void standStill(Runnable third) throws Exception {
    server.cdnFails(server.stall());
    AtomicInteger told = new AtomicInteger();
    HubSession watched =
        new HubSession(hub(TOKEN, Pace.DEFAULT))
            .telling(
                detail -> {
                  if (told.incrementAndGet() == 3) {
                    third.run();
                  }
                });
    watched.file(TRAIN);
  }
}
