package io.buttress.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleTaskTest {

  private static List<String[]> rows(String task, String split) {
    return Arrays.stream(SampleTask.file(task, split).orElseThrow().split("\n"))
        .skip(1)
        .map(line -> line.split("\t"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sentiment", "entailment"})
  void areBalancedDisjointAndTheSameEveryTime(String task) {
    List<String[]> train = rows(task, "train");
    List<String[]> validation = rows(task, "validation");
    assertThat(train).hasSize(400);
    assertThat(validation).hasSize(200);
    assertThat(SampleTask.file(task, "train")).isEqualTo(SampleTask.file(task, "train"));
    Set<String> texts = new HashSet<>();
    for (List<String[]> split : List.of(train, validation)) {
      assertThat(
              split.stream()
                  .collect(Collectors.groupingBy(row -> row[row.length - 1], Collectors.counting()))
                  .values())
          .hasSize(2)
          .containsOnly((long) split.size() / 2);
      for (String[] row : split) {
        assertThat(row).doesNotContain("").noneMatch(field -> !field.strip().equals(field));
        texts.add(String.join("\t", Arrays.copyOf(row, row.length - 1)));
      }
    }
    assertThat(texts).hasSize(600);
  }
}
