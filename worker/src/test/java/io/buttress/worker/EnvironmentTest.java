package io.buttress.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EnvironmentTest {
  private static final List<Path> ROOT = List.of(Path.of("/"));

  @Test
  void readsSecretsFromFiles(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("key"), "s3cret\n");
    Environment environment =
        new Environment(Map.of("AWS_SECRET_ACCESS_KEY_FILE", secret.toString()));
    assertThat(environment.get("AWS_SECRET_ACCESS_KEY")).contains("s3cret");
    assertThat(environment.withSecrets("AWS_SECRET_ACCESS_KEY"))
        .containsEntry("AWS_SECRET_ACCESS_KEY", "s3cret");
  }

  @Test
  void refusesAVariableBesideItsFile() {
    Environment environment = new Environment(Map.of("A", "plain", "A_FILE", "/nowhere"));
    assertThatThrownBy(() -> environment.get("A"))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("A and A_FILE")
        .hasMessageNotContaining("plain");
  }

  @Test
  void aBlankVariableLeavesTheWordToItsFile(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("a"), "value");
    assertThat(new Environment(Map.of("A", " ", "A_FILE", file.toString())).get("A"))
        .contains("value");
  }

  @Test
  void namesTheVariableWhoseFileCannotBeRead() {
    Environment environment = new Environment(Map.of("A_FILE", "/nowhere/a"));
    assertThatThrownBy(() -> environment.get("A"))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("A_FILE");
  }

  @Test
  void namesTheVariableThatIsMissing() {
    assertThatThrownBy(() -> new Environment(Map.of()).require("BUTTRESS_BUCKET", "a bucket"))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("BUTTRESS_BUCKET");
  }

  @Test
  void blankIsAbsent() throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_FILE_ROOTS", " ")).fileRoots(ROOT).folders())
        .isEqualTo(ROOT);
  }

  @Test
  void splitsFileRoots() throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_FILE_ROOTS", "/a:/b")).fileRoots(ROOT).folders())
        .containsExactly(Path.of("/a"), Path.of("/b"));
  }

  @Test
  void splitsBuckets() throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_S3_BUCKETS", "a:b,c, a")).s3Buckets())
        .containsExactly("a", "b", "c");
    assertThat(new Environment(Map.of("BUTTRESS_BUCKET", "own")).s3Buckets()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "20000000000, 20000000000", "20GB, 20000000000", "3 mb, 3000000", "7B, 7"})
  void readsHowLargeTheCacheMayBe(String text, long bytes) throws Exception {
    assertThat(new Environment(Map.of("BUTTRESS_CACHE_BYTES", text)).cache().bytes())
        .isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0GB", "-1", "1.5GB", "GB", "20 gigabytes", "99999999999TB"})
  void refusesACacheThatIsNoPositiveNumberOfBytes(String text) {
    Environment environment = new Environment(Map.of("BUTTRESS_CACHE_BYTES", text));
    assertThatThrownBy(environment::cache)
        .isInstanceOf(ServiceException.class)
        .hasMessageContainingAll("BUTTRESS_CACHE_BYTES", text);
  }

  @Test
  void theCacheIsLimitedWithoutASetting() throws Exception {
    assertThat(new Environment(Map.of()).cache().bytes()).isEqualTo(20_000_000_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface.co", "ftp://hub", "https://u:p@hub", "https://hub?a", "a b"})
  void refusesAHubThatIsNoAddress(String text) {
    Environment environment = new Environment(Map.of("HF_ENDPOINT", text));
    assertThatThrownBy(() -> environment.hub(new MetricRegistry()))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("HF_ENDPOINT");
  }

  @Test
  void refusesATokenThatIsNoneWithoutShowingIt() {
    Environment environment = new Environment(Map.of("HF_TOKEN", "hf_a\nhf_b"));
    assertThatThrownBy(() -> environment.hub(new MetricRegistry()))
        .isInstanceOf(ServiceException.class)
        .hasMessageContaining("HF_TOKEN")
        .hasMessageNotContainingAny("hf_a", "hf_b");
  }

  @Test
  void takesTheHubFromTheVariablesOfPython(@TempDir Path folder) throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "hf_secret\n");
    Environment environment =
        new Environment(
            Map.of(
                "HF_ENDPOINT", "https://hub.example/mirror/",
                "HF_TOKEN_FILE", token.toString(),
                "HF_HUB_OFFLINE", "1"));
    assertThat(environment.hub(new MetricRegistry()))
        .hasToString("https://hub.example/mirror, with a token, offline");
    assertThat(new Environment(Map.of()).hub(new MetricRegistry()))
        .hasToString("https://huggingface.co");
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1:9090, 127.0.0.1, 9090", "[::1]:1, 0:0:0:0:0:0:0:1, 1"})
  void readsWhereToListen(String text, String host, int port) throws Exception {
    InetSocketAddress address = new Environment(Map.of("BUTTRESS_HTTP", text)).http().orElseThrow();
    assertThat(address.getAddress().getHostAddress()).isEqualTo(host);
    assertThat(address.getPort()).isEqualTo(port);
  }

  @Test
  void aPortAloneIsOnEveryAddress() throws Exception {
    InetSocketAddress address =
        new Environment(Map.of("BUTTRESS_HTTP", ":9090")).http().orElseThrow();
    assertThat(address.getAddress().isAnyLocalAddress()).isTrue();
    assertThat(address.getPort()).isEqualTo(9090);
    assertThat(new Environment(Map.of()).http()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"9090", "host", "host:", ":65536", "http://host:1", "::1:9090"})
  void refusesToListenAtWhatIsNoAddress(String text) {
    Environment environment = new Environment(Map.of("BUTTRESS_HTTP", text));
    assertThatThrownBy(environment::http)
        .isInstanceOf(ServiceException.class)
        .hasMessageContainingAll("BUTTRESS_HTTP", text);
  }

  @ParameterizedTest
  @CsvSource({"10.96.0.1, 10.96.0.1", "fd00::1, [fd00::1]"})
  void findsItsPod(String host, String written) throws Exception {
    Environment environment =
        new Environment(
            Map.of(
                "BUTTRESS_POD", "studies/gpu-7f9-x2",
                "KUBERNETES_SERVICE_HOST", host,
                "KUBERNETES_SERVICE_PORT", "443"));
    assertThat(environment.pod())
        .contains(
            URI.create("https://" + written + ":443/api/v1/namespaces/studies/pods/gpu-7f9-x2"));
    assertThat(new Environment(Map.of()).pod()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pod", "a/b/c", "a/../b", "A/b", "$(POD_NAMESPACE)/$(POD_NAME)"})
  void refusesWhatIsNoPod(String text) {
    Environment environment = new Environment(Map.of("BUTTRESS_POD", text));
    assertThatThrownBy(environment::pod)
        .isInstanceOf(ServiceException.class)
        .hasMessageContainingAll("BUTTRESS_POD", text);
  }
}
