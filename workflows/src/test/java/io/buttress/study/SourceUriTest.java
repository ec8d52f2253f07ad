package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SourceUriTest {
  private static final String PIN = "0123456789abcdef".repeat(4);

  @Test
  void placesMembersAndDigestsAreToldApart() {
    assertThat(SourceUri.parse("https://h/cola_1.1.zip!/raw/in%20domain.tsv#sha256=" + PIN))
        .isEqualTo(new SourceUri("https://h/cola_1.1.zip", "raw/in domain.tsv", PIN));
    assertThat(SourceUri.parse("s3:bucket/m.TGZ!/model/"))
        .isEqualTo(new SourceUri("s3:bucket/m.TGZ", "model", null));
    assertThat(SourceUri.parse("file:/wow!/a.tsv"))
        .isEqualTo(new SourceUri("file:/wow!/a.tsv", null, null));
    assertThat(SourceUri.parse("https://h/a.zip?v=2!/b.tsv"))
        .isEqualTo(new SourceUri("https://h/a.zip?v=2", "b.tsv", null));
    assertThat(SourceUri.parse("https://h/a.tsv#sha256=" + PIN.toUpperCase()))
        .isEqualTo(new SourceUri("https://h/a.tsv", null, PIN));
    assertThat(SourceUri.parse("https://h/a.tsv.gz").isCompressed()).isTrue();
    assertThat(SourceUri.parse("https://h/a.tar.gz").isCompressed()).isFalse();
    assertThat(SourceUri.parse("https://h/a.tar.gz").isArchive()).isTrue();
    assertThat(SourceUri.parse("https://h/a.zip!/a.tsv.gz").isCompressed()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://host/a.tsv",
        "https://host:8443/a.tsv?download=1&version=2",
        "https://host/a.tar.gz!/a/b.tsv",
        "s3:bucket/a.tsv",
        "s3://bucket/folder/a%20b.tsv",
        "file:/a.zip!/b.tsv",
        "hf:datasets/o/n/a.zip!/b.tsv"
      })
  void dataMayBe(String uri) {
    assertThat(SourceUri.parse(uri).problem(true)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://h/m.zip", "https://h/m.tgz!/m", "s3:bucket/models/m", "file:/m.zip"})
  void modelsMayBe(String uri) {
    assertThat(SourceUri.parse(uri).problem(false)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "http://secret@host/a.tsv, over http",
    "https://user:secret@host/a.tsv, user or password",
    "https://host/a.tsv?X-Amz-Signature=secret, X-Amz-Signature",
    "https://host/a.tsv?a=1&X-Goog-Credential=secret, X-Goog-Credential",
    "https://host/a.tsv?se=2&sig=secret, sig",
    "https://host/a.tsv?access%5ftoken=secret, access_token",
    "https://host/a.tsv?api_key=secret, api_key",
    "https:/a.tsv, like https://host",
    "https://host/, like https://host",
    "https://host/a b.tsv, %20",
    "https://host/a.tsv#sha256=123, sha256=",
    "https://host/a.zip!/../secret, in the archive",
    "https://host/a.zip!//etc/secret, in the archive",
    "https://host/a.zip!/, in the archive",
    "s3:/a.tsv, s3:bucket",
    "s3:bucket/a.tsv?versionId=1, %3F",
    "s3:bucket/a%zz.tsv, s3:bucket"
  })
  void whatIsRefusedSaysWhyAndTellsNoSecret(String uri, String reason) {
    assertThat(SourceUri.parse(uri).problem(true).orElseThrow())
        .contains(reason)
        .doesNotContain("secret");
  }

  @Test
  void digestsAreOfFilesThatAreFetched() {
    assertThat(SourceUri.parse("file:/a.tsv#sha256=" + PIN).problem(true)).isPresent();
    assertThat(SourceUri.parse("s3:bucket/model#sha256=" + PIN).problem(false)).isPresent();
    assertThat(SourceUri.parse("https://host/model").problem(false).orElseThrow())
        .contains("archive");
  }

  @Test
  void keysAreDecodedAsPaths() {
    assertThat(S3Uri.parse("s3://my.bucket/a%20b+c/")).contains(new S3Uri("my.bucket", "a b+c"));
    assertThat(S3Uri.parse("s3:My_Bucket/a")).isEmpty();
  }
}
