package io.buttress.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.study.Json;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubwordTokenizerTest {
  @TempDir Path folder;

  record Golden(int maxLength, List<String> texts, int[] ids, int[] segments) {}

  /** tokenizer.json asks for its own truncation and padding; src/test/python made both files. */
  @Test
  void givesTheIdsThatPythonGives() throws Exception {
    Path json = Fixtures.model(folder.resolve("model")).resolve("tokenizer.json");
    List<Golden> cases;
    try (InputStream in = Fixtures.resource("tokenizer-golden.json")) {
      cases = Json.MAPPER.readValue(in, new TypeReference<List<Golden>>() {});
    }
    assertThat(cases).hasSizeGreaterThan(60);
    for (Golden golden : cases) {
      try (SubwordTokenizer tokenizer = new SubwordTokenizer(json, golden.maxLength())) {
        SubwordTokenizer.Tokens tokens = tokenizer.encode(List.of(golden.texts(), golden.texts()));
        assertThat(tokens.ids()).as("%s", golden.texts()).isEqualTo(twice(golden.ids()));
        assertThat(tokens.segments()).as("%s", golden.texts()).isEqualTo(twice(golden.segments()));
      }
    }
  }

  @Test
  void refusesWhatIsNoTokenizer() throws Exception {
    Path json = Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": 1}");
    assertThatExceptionOfType(SourceException.class)
        .isThrownBy(() -> new SubwordTokenizer(json, 16))
        .withMessageContaining("tokenizer.json");
  }

  private static int[][] twice(int[] row) {
    return new int[][] {row, row};
  }
}
