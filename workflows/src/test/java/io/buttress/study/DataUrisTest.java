package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataUrisTest {
  private static final URI BASE = URI.create("file:/studies/a/");

  @ParameterizedTest
  @CsvSource({
    "file:data/x.tsv, file:/studies/a/data/x.tsv",
    "file:../x.tsv, file:/studies/x.tsv",
    "file:/abs/x.tsv, file:/abs/x.tsv",
    "file:///abs/x.tsv, file:///abs/x.tsv",
    "file:my data/x.tsv, file:/studies/a/my%20data/x.tsv",
    "file:my%20data/x.tsv, file:/studies/a/my%20data/x.tsv",
    "file:a:b.tsv, file:/studies/a/a:b.tsv",
    "file:a.zip!/b/x.tsv, file:/studies/a/a.zip!/b/x.tsv",
    "https://host/x.tsv, https://host/x.tsv",
    "s3:bucket/x.tsv, s3:bucket/x.tsv",
    "file:, file:",
    "hf:o/n, hf:o/n",
    "sample:sentiment/train, sample:sentiment/train",
    "data/x.tsv, data/x.tsv"
  })
  void resolvesRelativeFileUrisOnly(String written, String resolved) throws Exception {
    JsonNode study =
        Json.MAPPER.readTree(
            """
            {"name": "file:name", "models": ["U"],
             "tasks": ["U", {"id": "file:id", "train": "U", "outOfDistribution":
               [{"file": "U", "name": "file:name"}, "U"]}],
             "collapse": {"probes": ["U", {"id": "file:id", "validation": "U"}]}}
            """
                .replace("U", written));
    JsonNode found = DataUris.resolve(study, BASE);

    assertThat(found.at("/models/0").textValue()).isEqualTo(resolved);
    assertThat(found.at("/tasks/1/train").textValue()).isEqualTo(resolved);
    assertThat(found.at("/tasks/1/outOfDistribution/1").textValue()).isEqualTo(resolved);
    assertThat(found.at("/tasks/1/outOfDistribution/0/file").textValue()).isEqualTo(resolved);
    assertThat(found.at("/tasks/1/outOfDistribution/0/name").textValue()).isEqualTo("file:name");
    assertThat(found.at("/collapse/probes/1/validation").textValue()).isEqualTo(resolved);
    assertThat(found.at("/collapse/probes/0").textValue()).isEqualTo(written);
    assertThat(found.at("/tasks/0").textValue()).isEqualTo(written);
    assertThat(found.at("/name").textValue()).isEqualTo("file:name");
    assertThat(found.at("/tasks/1/id").textValue()).isEqualTo("file:id");
    assertThat(study.at("/models/0").textValue()).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "[]", "{\"models\": 3, \"tasks\": {\"train\": 1}}", "null"})
  void leavesOtherShapesToTheParser(String json) throws Exception {
    JsonNode study = Json.MAPPER.readTree(json);
    assertThat(DataUris.resolve(study, BASE)).isEqualTo(study);
  }

  @Test
  void namesAndFormatsFiles() {
    assertThat(DataUris.baseName("file:/d/out_of_domain.dev.tsv")).isEqualTo("out_of_domain.dev");
    assertThat(DataUris.baseName("sample:sentiment/train")).isEqualTo("train");
    assertThat(DataUris.format("file:/d/x.TSV")).contains("tsv");
    assertThat(DataUris.format("file:/d/x.jsonl")).contains("jsonl");
    assertThat(DataUris.format("file:/d/x.Parquet")).contains("parquet");
    assertThat(DataUris.format("file:/d/tsv.d/x")).isEmpty();
    assertThat(DataUris.baseName("hf:datasets/o/n@v1.0/d/hans.tsv")).isEqualTo("hans");
    assertThat(DataUris.format("hf:datasets/o/n@v1.0/d/hans.tsv")).contains("tsv");
    assertThat(DataUris.baseName("https://h/a.zip!/d/hans.v2.tsv.gz#sha256=" + "0".repeat(64)))
        .isEqualTo("hans.v2");
    assertThat(DataUris.format("https://h/d/hans.jsonl.gz?v=1.csv")).contains("jsonl");
    assertThat(DataUris.format("s3:bucket/d/hans.CSV")).contains("csv");
  }
}
