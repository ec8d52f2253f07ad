package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubUriTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "hf:o/n",
        "hf:sentence-transformers/all-MiniLM-L6-v2@refs/pr/1",
        "hf:o/n@feature/x",
        "hf:datasets/o/n/x.tsv",
        "hf:datasets/o/n@v1.0/a/b-c/x_1.jsonl",
        "hf:datasets/o/n@feature%2Fx/x.tsv",
        "hf:datasets/o/n@refs/convert/parquet/default/train/0000.parquet"
      })
  void isWrittenAsItIsRead(String uri) {
    assertThat(HubUri.parse(uri).orElseThrow()).hasToString(uri);
  }

  @Test
  void hasARepositoryARevisionAndAFile() {
    assertThat(HubUri.parse("hf:datasets/o/n/a/x.tsv"))
        .contains(new HubUri("o/n", null, "a/x.tsv"));
    assertThat(HubUri.parse("hf:datasets/o/n@a%2fb/x.tsv"))
        .contains(new HubUri("o/n", "a/b", "x.tsv"));
    assertThat(HubUri.parse("hf:datasets/o/n@refs/convert/parquet/d/x.parquet"))
        .contains(new HubUri("o/n", "refs/convert/parquet", "d/x.parquet"));
    assertThat(HubUri.parse("hf:o/n@a/b")).contains(new HubUri("o/n", "a/b", null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hf:n",
        "hf:a/b/c",
        "hf:o/n@",
        "hf:o/n@../../x",
        "hf:o/n@/etc",
        "hf:../etc",
        "hf:datasets/o/n",
        "hf:datasets/o/n/",
        "hf:datasets/o/n/../x.tsv",
        "hf:datasets/o/n/.git/x.tsv",
        "hf:datasets/o/n/a//x.tsv",
        "hf:datasets/o/n@/x.tsv",
        "hf:datasets/o/n@a%2F..%2Fb/x.tsv",
        "hf:datasets/x.tsv",
        "hf://datasets/o/n/x.tsv"
      })
  void otherFormsAreNone(String uri) {
    assertThat(HubUri.parse(uri)).isEmpty();
  }
}
