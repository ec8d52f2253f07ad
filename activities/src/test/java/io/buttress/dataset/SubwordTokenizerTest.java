package io.buttress.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.plan.Fixtures;
import io.buttress.source.SourceException;
import io.buttress.study.Json;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubwordTokenizerTest {
  @TempDir Path folder;

  record Golden(int maxLength, List<String> texts, int[] ids, int[] segments) {}

  /** tokenizer.json asks for its own truncation and padding; src/test/python made both files. */
  @ParameterizedTest
  @ValueSource(strings = {"", "roberta-"})
  void givesTheIdsThatPythonGives(String kind) throws Exception {
    Path json = tokenizer(kind);
    List<Golden> cases;
    try (InputStream in = Fixtures.resource(kind + "tokenizer-golden.json")) {
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

  /** A pair of RoBERTa's has four special tokens, which no truncation takes away. */
  @Test
  void refusesALengthThatSpecialTokensAloneExceed() throws Exception {
    List<List<String>> pair = List.of(List.of("the cat sat", "a dog"));
    try (SubwordTokenizer four = new SubwordTokenizer(tokenizer("roberta-"), 4);
        SubwordTokenizer three = new SubwordTokenizer(tokenizer("roberta-"), 3)) {
      assertThat(four.encode(pair).ids()).isDeepEqualTo(new int[][] {{0, 2, 2, 2}});
      assertThatExceptionOfType(SourceException.class)
          .isThrownBy(() -> three.encode(pair))
          .withMessage("training.maxLength: 3 has no room for the special tokens of two texts");
    }
  }

  @Test
  void refusesWhatIsNoTokenizer() throws Exception {
    Path json = Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": 1}");
    assertThatExceptionOfType(SourceException.class)
        .isThrownBy(() -> new SubwordTokenizer(json, 16))
        .withMessageContaining("tokenizer.json");
  }

  private Path tokenizer(String kind) throws Exception {
    Path json = folder.resolve(kind + "tokenizer.json");
    try (InputStream in = Fixtures.resource(kind + "tokenizer.json")) {
      Files.copy(in, json, StandardCopyOption.REPLACE_EXISTING);
    }
    return json;
  }

  private static int[][] twice(int[] row) {
    return new int[][] {row, row};
  }
}
