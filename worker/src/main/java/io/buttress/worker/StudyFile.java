package io.buttress.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.buttress.study.DataUris;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.Problem;
import io.buttress.study.StudyParser;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * A study read from a file.
 *
 * @param tree its JSON, {@code file:} paths made absolute: what a workflow is started with
 */
record StudyFile(JsonNode tree, StudySpec spec) {

  /**
   * Reads JSON, or YAML when the name ends in {@code .yaml} or {@code .yml}.
   *
   * @throws InvalidStudyException listing every problem
   */
  static StudyFile read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InvalidStudyException(List.of(new Problem("", file + ": no such file")));
    } catch (IOException e) {
      throw new InvalidStudyException(
          List.of(new Problem("", file + ": cannot be read: " + e.getMessage())));
    }
    String name = file.toString();
    JsonNode tree =
        name.endsWith(".yaml") || name.endsWith(".yml")
            ? StudyParser.readYaml(text)
            : StudyParser.readJson(text);
    JsonNode absolute = DataUris.resolve(tree, file.toAbsolutePath().getParent().toUri());
    return new StudyFile(absolute, new StudyParser(TaskCatalog.builtIn()).parse(absolute));
  }
}
