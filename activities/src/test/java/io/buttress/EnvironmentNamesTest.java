package io.buttress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Activities say what is wrong and are told what a setting is called: that it is a variable, and
 * which, is for the worker to know.
 */
final class EnvironmentNamesTest {
  private static final Pattern VARIABLE =
      Pattern.compile("\\b(BUTTRESS|AWS|HF|HUGGINGFACE|MLFLOW|TEMPORAL)_[A-Z0-9_]+");

  @Test
  void noVariableIsNamedInTheSources() throws IOException {
    List<Path> sources = sources(Path.of("src", "main", "java"));

    assertThat(sources).hasSizeGreaterThan(100);
    for (Path source : sources) {
      assertThat(variables(source)).as(source.toString()).isEmpty();
    }
  }

  /** Tests name variables, so that what finds none above is seen to find some. */
  @Test
  void namesAreFoundWhereTheyAre() throws IOException {
    Path source = Path.of("src", "test", "java", "io", "buttress", "stack", "SettingNames.java");

    assertThat(variables(source)).contains("AWS_ENDPOINT_URL_S3", "HF_TOKEN", "BUTTRESS_BUCKET");
  }

  private static List<Path> sources(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList();
    }
  }

  private static List<String> variables(Path source) throws IOException {
    return VARIABLE.matcher(Files.readString(source)).results().map(MatchResult::group).toList();
  }
}
