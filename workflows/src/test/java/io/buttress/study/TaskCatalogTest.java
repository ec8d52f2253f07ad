package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TaskCatalogTest {

  @Test
  void everyEntryIsATaskThatAStudyCouldHaveWritten() throws Exception {
    Set<String> fields =
        Arrays.stream(TaskSpec.class.getRecordComponents())
            .map(component -> component.getName())
            .collect(Collectors.toSet());
    JsonNode entries =
        new YAMLMapper().readTree(TaskCatalog.class.getResourceAsStream("tasks.yaml"));
    StudyParser parser = new StudyParser(TaskCatalog.builtIn());
    for (JsonNode entry : entries) {
      assertThat(entry.fieldNames())
          .toIterable()
          .allMatch(field -> fields.contains(field) || field.equals("summary"));
      assertThat(entry.get("summary").textValue()).isNotBlank();
      ObjectNode task = entry.deepCopy();
      task.remove("summary");
      if (!task.has("train")) {
        task.put("train", "file:/train.tsv").put("validation", "file:/dev.tsv");
      }
      // Under another id the entry must be complete by itself.
      task.put("id", "copy");
      ObjectNode study = Json.MAPPER.createObjectNode();
      study.put("name", "s").putArray("methods").addObject().put("id", "stl");
      study.putArray("tasks").add(task);
      TaskSpec parsed = parser.parse(study).tasks().get(0);
      TaskSpec known = TaskCatalog.builtIn().find(entry.get("id").textValue()).orElseThrow().spec();
      assertThat(parsed.labels()).isEqualTo(known.labels());
      assertThat(parsed.kind()).isEqualTo(known.kind());
      assertThat(parsed.text()).isEqualTo(known.text());
      assertThat(parsed.metric()).isEqualTo(known.metric());
    }
    assertThat(TaskCatalog.builtIn().entries()).hasSize(entries.size());
  }

  @Test
  void samplesNeedNoFiles() {
    assertThat(TaskCatalog.builtIn().samples())
        .containsExactly(
            "sample:entailment/train",
            "sample:entailment/validation",
            "sample:sentiment/train",
            "sample:sentiment/validation");
  }
}
