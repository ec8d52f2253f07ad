package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.buttress.worker.FakeService.Answer;
import io.grpc.Status;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A worker with a wrong setting says which it is, in one line without secrets, and ends. */
// Starts a worker in vain dozens of times.
@Tag("slow")
final class StartUpTest {
  private static final String PASSWORD = "canary-p4ssw0rd";
  private static final String KEY = "canary-k3y";
  private static final Duration SOON = Duration.ofMinutes(2);

  @TempDir private Path folder;
  private final Deque<AutoCloseable> servers = new ArrayDeque<>();
  private final HeldCertificate authority = Certificate.newAuthority();
  private final Certificate good = Certificate.good(authority);
  private final Certificate expired =
      Certificate.signed(authority, "127.0.0.1", Duration.ofDays(-1));
  private final Certificate otherName =
      Certificate.signed(authority, "other.example", Duration.ofDays(1));
  private final Map<String, String> working = new HashMap<>();
  private String trusted;
  private String foreign;

  @BeforeEach
  void start() throws Exception {
    trusted = Certificate.writeAuthority(authority, folder.resolve("ca.crt")).toString();
    foreign =
        Certificate.writeAuthority(Certificate.newAuthority(), folder.resolve("other-ca.crt"))
            .toString();
    working.put("BUTTRESS_HOME", folder.resolve("home").toString());
    working.put("BUTTRESS_BUCKET", "bucket");
    working.put("AWS_ACCESS_KEY_ID", "id");
    working.put("AWS_SECRET_ACCESS_KEY", PASSWORD);
    working.put("AWS_ENDPOINT_URL_S3", serve(null, FakeService.bucket()));
    working.put("MLFLOW_TRACKING_URI", serve(null, FakeService.tracking()));
    working.put("TEMPORAL_ADDRESS", open(FakeTemporal.plain()).address());
    // The configuration of whoever runs the tests.
    working.put("TEMPORAL_CONFIG_FILE", folder.resolve("none.toml").toString());
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable server : servers) {
      server.close();
    }
  }

  @Test
  void settingsThatWorkPass() {
    Outcome outcome = run("check", Map.of());
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exit()).isEqualTo(Exit.DONE);
  }

  @Test
  void encryptedConnectionsWithPrivateAuthoritiesPass() throws Exception {
    HeldCertificate clients = Certificate.newAuthority();
    Path client = Certificate.good(clients).write(folder, "client");
    Outcome outcome =
        run(
            "check",
            Map.of(
                "AWS_ENDPOINT_URL_S3", serve(good, FakeService.bucket()),
                "AWS_CA_BUNDLE", trusted,
                "MLFLOW_TRACKING_URI", serve(good, FakeService.tracking()),
                "MLFLOW_TRACKING_SERVER_CERT_PATH", trusted,
                "TEMPORAL_ADDRESS", open(FakeTemporal.mutualTls(good, clients)).address(),
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted,
                "TEMPORAL_TLS_CLIENT_CERT_PATH", client.toString(),
                "TEMPORAL_TLS_CLIENT_KEY_PATH", folder.resolve("client.key").toString()));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exit()).isEqualTo(Exit.DONE);
  }

  @Test
  void anApiKeyFromAFilePasses() throws Exception {
    Path secret = Files.writeString(folder.resolve("api-key"), KEY + "\n");
    FakeTemporal temporal = open(FakeTemporal.withKey(good, KEY, Status.Code.UNAUTHENTICATED));
    Outcome outcome =
        run(
            "check",
            Map.of(
                "TEMPORAL_ADDRESS", temporal.address(),
                "TEMPORAL_API_KEY_FILE", secret.toString(),
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.exit()).isEqualTo(Exit.DONE);
  }

  /** What is set, and what the line must say. */
  private record Wrong(Map<String, String> settings, String... said) {}

  @TestFactory
  Stream<DynamicTest> namesTheSettingAndEnds() throws Exception {
    Map<String, Wrong> wrong = new LinkedHashMap<>();
    temporal(wrong);
    store(wrong);
    tracking(wrong);
    values(wrong);
    return wrong.entrySet().stream()
        .map(entry -> dynamicTest(entry.getKey(), () -> check(entry.getValue())));
  }

  private void check(Wrong wrong) {
    Outcome outcome = assertTimeoutPreemptively(SOON, () -> run("worker", wrong.settings()));
    assertThat(outcome.err().lines())
        .singleElement()
        .asString()
        .startsWith("buttress: ")
        .contains(wrong.said())
        .doesNotContain(PASSWORD, KEY, base64(PASSWORD), base64("user:" + PASSWORD));
    assertThat(outcome.exit()).isEqualTo(Exit.SERVICE);
  }

  private void temporal(Map<String, Wrong> wrong) throws Exception {
    String plain = working.get("TEMPORAL_ADDRESS");
    String tls = open(FakeTemporal.tls(good)).address();
    HeldCertificate clients = Certificate.newAuthority();
    String mutual = open(FakeTemporal.mutualTls(good, clients)).address();
    Path stranger = Certificate.good(Certificate.newAuthority()).write(folder, "stranger");
    Path old = Certificate.signed(clients, "old", Duration.ofDays(-2)).write(folder, "old-client");
    String strangerKey = folder.resolve("stranger.key").toString();

    wrong.put("nobody listens", temporal("127.0.0.1:1", Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put("no such host", temporal("none.invalid:7233", Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put("address with a scheme", temporal("http://" + plain, Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put("address without a port", temporal("127.0.0.1", Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put(
        "address with a password",
        temporal("user:" + PASSWORD + "@" + plain, Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put(
        "address of something else",
        temporal(hostOf(working.get("MLFLOW_TRACKING_URI")), Map.of(), "TEMPORAL_ADDRESS"));
    wrong.put(
        "unknown namespace",
        temporal(plain, Map.of("TEMPORAL_NAMESPACE", "nope"), "TEMPORAL_NAMESPACE", "'nope'"));
    wrong.put(
        "TLS to a plain server",
        temporal(plain, Map.of("TEMPORAL_TLS", "true"), "TEMPORAL_TLS", "TEMPORAL_ADDRESS"));
    wrong.put("plain to a TLS server", temporal(tls, Map.of(), "TEMPORAL_TLS", "TEMPORAL_ADDRESS"));
    wrong.put(
        "unknown authority of Temporal",
        temporal(
            tls,
            Map.of("TEMPORAL_TLS_SERVER_CA_CERT_PATH", foreign),
            "no authority that is trusted",
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH"));
    wrong.put(
        "authority of Temporal not set",
        temporal(tls, Map.of("TEMPORAL_TLS", "true"), "TEMPORAL_TLS_SERVER_CA_CERT_PATH"));
    wrong.put(
        "expired certificate of Temporal",
        temporal(
            open(FakeTemporal.tls(expired)).address(),
            Map.of("TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted),
            "has expired",
            "TEMPORAL_ADDRESS"));
    wrong.put(
        "Temporal's certificate for another name",
        temporal(
            open(FakeTemporal.tls(otherName)).address(),
            Map.of("TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted),
            "another name",
            "TEMPORAL_TLS_SERVER_NAME"));
    wrong.put(
        "no client certificate",
        temporal(
            mutual,
            Map.of("TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted),
            "TEMPORAL_TLS_CLIENT_CERT_PATH"));
    wrong.put(
        "client certificate of a stranger",
        temporal(
            mutual,
            Map.of(
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted,
                "TEMPORAL_TLS_CLIENT_CERT_PATH", stranger.toString(),
                "TEMPORAL_TLS_CLIENT_KEY_PATH", strangerKey),
            "TEMPORAL_TLS_CLIENT_CERT_PATH"));
    wrong.put(
        "expired client certificate",
        temporal(
            mutual,
            Map.of(
                "TEMPORAL_TLS_CLIENT_CERT_PATH", old.toString(),
                "TEMPORAL_TLS_CLIENT_KEY_PATH", folder.resolve("old-client.key").toString()),
            "TEMPORAL_TLS_CLIENT_CERT_PATH",
            "expired"));
    wrong.put(
        "client certificate without its key",
        temporal(
            mutual,
            Map.of("TEMPORAL_TLS_CLIENT_CERT_PATH", stranger.toString()),
            "TEMPORAL_TLS_CLIENT_KEY_PATH"));
    wrong.put(
        "a key that is none",
        temporal(
            mutual,
            Map.of(
                "TEMPORAL_TLS_CLIENT_CERT_PATH", stranger.toString(),
                "TEMPORAL_TLS_CLIENT_KEY_PATH", stranger.toString()),
            "TEMPORAL_TLS_CLIENT_KEY_PATH"));
    wrong.put(
        "an authority's file that is not there",
        temporal(
            tls,
            Map.of("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere/ca.crt"),
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
            "/nowhere/ca.crt"));
    for (Status.Code refusal :
        List.of(Status.Code.UNAUTHENTICATED, Status.Code.PERMISSION_DENIED)) {
      wrong.put(
          "wrong API key: " + refusal,
          temporal(
              open(FakeTemporal.withKey(good, "right", refusal)).address(),
              Map.of("TEMPORAL_API_KEY", KEY, "TEMPORAL_TLS_SERVER_CA_CERT_PATH", trusted),
              "TEMPORAL_API_KEY"));
    }
    wrong.put(
        "API key in two lines",
        temporal(plain, Map.of("TEMPORAL_API_KEY", KEY + "\n" + KEY), "TEMPORAL_API_KEY"));
  }

  private static Wrong temporal(String address, Map<String, String> more, String... said) {
    Map<String, String> settings = new HashMap<>(more);
    settings.put("TEMPORAL_ADDRESS", address);
    return new Wrong(settings, said);
  }

  private void store(Map<String, Wrong> wrong) throws Exception {
    Map<String, String> answers =
        Map.of(
            "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID",
            "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY",
            "ExpiredToken", "AWS_SESSION_TOKEN",
            "NoSuchBucket", "BUTTRESS_BUCKET",
            "AccessDenied", "BUTTRESS_BUCKET",
            "AuthorizationHeaderMalformed", "AWS_REGION",
            "PermanentRedirect", "AWS_REGION",
            "RequestTimeTooSkewed", "clock");
    for (Map.Entry<String, String> answer : answers.entrySet()) {
      wrong.put("S3 says " + answer.getKey(), store(null, answer.getKey(), answer.getValue()));
    }
    String uri = "AWS_ENDPOINT_URL_S3";
    String encrypted = serve(good, FakeService.bucket());
    wrong.put("no S3 server", new Wrong(Map.of(uri, "http://127.0.0.1:1"), uri));
    wrong.put("another server than S3", new Wrong(Map.of(uri, web(403)), uri));
    wrong.put("unknown authority of S3", new Wrong(Map.of(uri, encrypted), "AWS_CA_BUNDLE"));
    wrong.put(
        "another authority than S3's",
        new Wrong(Map.of(uri, encrypted, "AWS_CA_BUNDLE", foreign), "AWS_CA_BUNDLE"));
    wrong.put(
        "expired certificate of S3",
        new Wrong(
            Map.of(uri, serve(expired, FakeService.bucket()), "AWS_CA_BUNDLE", trusted),
            uri,
            "has expired"));
    wrong.put(
        "S3's certificate for another name",
        new Wrong(
            Map.of(uri, serve(otherName, FakeService.bucket()), "AWS_CA_BUNDLE", trusted),
            uri,
            "another name"));
    wrong.put(
        "https to a plain S3 server",
        new Wrong(Map.of(uri, "https" + working.get(uri).substring(4)), uri));
    wrong.put(
        "http to an encrypted S3 server",
        new Wrong(Map.of(uri, "http" + encrypted.substring(5)), uri));
    Path empty = Files.writeString(folder.resolve("empty.crt"), "");
    wrong.put(
        "a bundle without certificates",
        new Wrong(Map.of("AWS_CA_BUNDLE", empty.toString()), "AWS_CA_BUNDLE", empty.toString()));
    wrong.put(
        "a password in S3's address",
        new Wrong(Map.of(uri, "http://user:" + PASSWORD + "@127.0.0.1"), uri));
    wrong.put("S3's address with a path", new Wrong(Map.of(uri, "http://127.0.0.1/b"), uri));
    wrong.put("no bucket's name", new Wrong(Map.of("BUTTRESS_BUCKET", "A"), "BUTTRESS_BUCKET"));
    wrong.put(
        "a secret key in two lines",
        new Wrong(
            Map.of("AWS_SECRET_ACCESS_KEY", PASSWORD + "\n" + PASSWORD), "AWS_SECRET_ACCESS_KEY"));
    wrong.put(
        "a session token in two lines",
        new Wrong(Map.of("AWS_SESSION_TOKEN", KEY + "\n" + KEY), "AWS_SESSION_TOKEN"));
    Answer repeating =
        exchange ->
            FakeService.s3Error(403, exchange.getRequestHeaders().getFirst("x-amz-security-token"))
                .to(exchange);
    Path token = Files.writeString(folder.resolve("session-token"), KEY + "\n");
    wrong.put(
        "S3 repeats the session token",
        new Wrong(
            Map.of(uri, serve(null, repeating), "AWS_SESSION_TOKEN_FILE", token.toString()),
            "in bucket",
            "***"));
    wrong.put(
        "no access key",
        new Wrong(Map.of("AWS_ACCESS_KEY_ID", ""), "AWS_ACCESS_KEY_ID", "not set"));
  }

  private Wrong store(Certificate certificate, String code, String said) throws Exception {
    int status = code.equals("NoSuchBucket") ? 404 : 403;
    return new Wrong(
        Map.of("AWS_ENDPOINT_URL_S3", serve(certificate, FakeService.s3Error(status, code))),
        said,
        code);
  }

  private void tracking(Map<String, Wrong> wrong) throws Exception {
    String uri = "MLFLOW_TRACKING_URI";
    String encrypted = serve(good, FakeService.tracking());
    for (int status : new int[] {401, 403}) {
      String refusing = serve(null, FakeService.repeating(status));
      wrong.put(
          "wrong password for MLflow: " + status,
          new Wrong(
              Map.of(
                  uri,
                  refusing,
                  "MLFLOW_TRACKING_USERNAME",
                  "user",
                  "MLFLOW_TRACKING_PASSWORD",
                  PASSWORD),
              "MLFLOW_TRACKING_PASSWORD"));
      wrong.put(
          "wrong token for MLflow: " + status,
          new Wrong(Map.of(uri, refusing, "MLFLOW_TRACKING_TOKEN", KEY), "_TOKEN"));
    }
    wrong.put("no MLflow server", new Wrong(Map.of(uri, "http://127.0.0.1:1"), uri));
    wrong.put("another server than MLflow", new Wrong(Map.of(uri, web(200)), uri));
    wrong.put(
        "unknown authority of MLflow",
        new Wrong(Map.of(uri, encrypted), "MLFLOW_TRACKING_SERVER_CERT_PATH"));
    wrong.put(
        "expired certificate of MLflow",
        new Wrong(
            Map.of(
                uri,
                serve(expired, FakeService.tracking()),
                "MLFLOW_TRACKING_SERVER_CERT_PATH",
                trusted),
            uri,
            "has expired"));
    wrong.put(
        "MLflow's certificate for another name",
        new Wrong(
            Map.of(
                uri,
                serve(otherName, FakeService.tracking()),
                "MLFLOW_TRACKING_SERVER_CERT_PATH",
                trusted),
            uri,
            "another name"));
    wrong.put(
        "https to a plain MLflow server",
        new Wrong(Map.of(uri, "https" + working.get(uri).substring(4)), uri));
    wrong.put(
        "a password in MLflow's address",
        new Wrong(Map.of(uri, "http://user:" + PASSWORD + "@127.0.0.1"), uri));
    wrong.put(
        "a token in MLflow's address", new Wrong(Map.of(uri, "http://127.0.0.1/?a=" + KEY), uri));
    wrong.put("no address", new Wrong(Map.of(uri, PASSWORD), uri));
    wrong.put("no address at all", new Wrong(Map.of(uri, "http://[" + PASSWORD), uri));
    wrong.put(
        "a user without a password",
        new Wrong(Map.of("MLFLOW_TRACKING_USERNAME", "user"), "MLFLOW_TRACKING_PASSWORD"));
    wrong.put(
        "a token in two lines",
        new Wrong(Map.of("MLFLOW_TRACKING_TOKEN", KEY + "\n" + KEY), "MLFLOW_TRACKING_TOKEN"));
  }

  private void values(Map<String, Wrong> wrong) throws Exception {
    String empty = Files.writeString(folder.resolve("empty"), "\n").toString();
    String full = Files.writeString(folder.resolve("full"), KEY).toString();
    wrong.put(
        "a secret's file that is empty",
        new Wrong(
            Map.of("MLFLOW_TRACKING_TOKEN_FILE", empty), "MLFLOW_TRACKING_TOKEN_FILE", empty));
    wrong.put(
        "a secret's file that is not there",
        new Wrong(Map.of("HF_TOKEN_FILE", "/nowhere/token"), "HF_TOKEN_FILE", "/nowhere/token"));
    wrong.put(
        "a secret and its file",
        new Wrong(
            Map.of("AWS_SECRET_ACCESS_KEY_FILE", full),
            "AWS_SECRET_ACCESS_KEY and AWS_SECRET_ACCESS_KEY_FILE"));
    wrong.put(
        "a password in the web UI's address",
        new Wrong(
            Map.of("BUTTRESS_TEMPORAL_UI", "http://user:" + PASSWORD + "@127.0.0.1"),
            "BUTTRESS_TEMPORAL_UI"));
    wrong.put(
        "a password in the hub's address",
        new Wrong(Map.of("HF_ENDPOINT", "https://user:" + PASSWORD + "@hub"), "HF_ENDPOINT"));
    wrong.put(
        "a codec key that is none",
        new Wrong(Map.of("BUTTRESS_CODEC_KEY", KEY), "BUTTRESS_CODEC_KEY"));
    wrong.put("a hub's token in two lines", new Wrong(Map.of("HF_TOKEN", KEY + "\nb"), "HF_TOKEN"));
  }

  private record Outcome(int exit, String err) {}

  private Outcome run(String command, Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(working);
    all.putAll(settings);
    StringWriter err = new StringWriter();
    CommandLine line =
        Buttress.commandLine(new Environment(all), folder.resolve("log"))
            .setErr(new PrintWriter(err, true));
    return new Outcome(line.execute(command), err.toString());
  }

  private String serve(Certificate certificate, FakeService.Answer answer) throws Exception {
    return open(new FakeService(certificate, answer)).uri();
  }

  private String web(int status) throws Exception {
    return serve(null, FakeService.text(status, "text/html", "<html>welcome</html>"));
  }

  private <T extends AutoCloseable> T open(T server) {
    servers.push(server);
    return server;
  }

  private static String hostOf(String uri) {
    return uri.substring(uri.indexOf("//") + 2);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes());
  }
}
