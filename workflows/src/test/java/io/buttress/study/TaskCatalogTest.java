package io.buttress.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TaskCatalogTest {

  private static final List<String> ABOUT =
      List.of(
          "summary", "examples", "hub", "outOfDistributionOf", "unranked", "licence", "citation");

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
          .allMatch(field -> fields.contains(field) || ABOUT.contains(field));
      assertThat(entry.get("summary").textValue()).isNotBlank();
      ObjectNode task = entry.deepCopy();
      task.remove(ABOUT);
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
  void whatIsNotBuiltInHasAPlaceALicenceAndACitation() {
    for (TaskCatalog.Entry entry : TaskCatalog.builtIn().entries()) {
      if (entry.spec().train() != null) {
        assertThat(entry.hub()).isNull();
        continue;
      }
      TaskCatalog.Hub hub = entry.hub();
      assertThat(hub.dataset()).as(entry.spec().id()).matches("[\\w-]+/[\\w-]+");
      assertThat(hub.text()).hasSameSizeAs(entry.spec().text());
      assertThat(List.of(hub.config(), hub.label(), entry.licence(), entry.citation()))
          .noneMatch(String::isBlank);
      assertThat(hub.validation()).isNotEmpty().allMatch(file -> file.endsWith(".parquet"));
      if (entry.outOfDistributionOf() == null) {
        assertThat(hub.train()).isNotEmpty().allMatch(file -> file.endsWith(".parquet"));
      } else {
        assertThat(TaskCatalog.builtIn().find(entry.outOfDistributionOf())).isPresent();
      }
    }
  }

  @Test
  void holdsGlueSixMoreTasksAndOutOfDistributionSets() {
    assertThat(TaskCatalog.builtIn().entries())
        .extracting(entry -> entry.spec().id())
        .contains("cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte", "wnli", "ax")
        .contains("yelp-polarity", "ag-news", "imdb", "chemprot", "scitail", "hyperpartisan")
        .contains("snli", "hans");
    assertThat(metric("cola")).containsExactly("matthews");
    assertThat(metric("mrpc")).containsExactly("accuracy", "f1").isEqualTo(metric("qqp"));
    assertThat(metric("stsb")).containsExactly("pearson", "spearman");
    assertThat(metric("chemprot")).containsExactly("micro_f1");
    assertThat(metric("hyperpartisan")).containsExactly("macro_f1");
    assertThat(metric("mnli")).containsExactly("accuracy");
  }

  private static List<String> metric(String id) {
    return TaskCatalog.builtIn().find(id).orElseThrow().spec().metric();
  }

  @Test
  void wnliAndTheDiagnosticSetCountInNoWins() {
    assertThat(TaskCatalog.builtIn().entries())
        .filteredOn(entry -> entry.unranked() != null)
        .extracting(entry -> entry.spec().id())
        .containsExactly("wnli", "ax");
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
