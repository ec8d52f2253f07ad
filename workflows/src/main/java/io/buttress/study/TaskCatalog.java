package io.buttress.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Tasks that a study may name by id alone, or with files of its own. */
public final class TaskCatalog {
  private static final TaskCatalog BUILT_IN = load("tasks.yaml");

  private final List<Entry> entries;

  private TaskCatalog(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** The catalogue in the resource {@code tasks.yaml}. */
  public static TaskCatalog builtIn() {
    return BUILT_IN;
  }

  /** Every task, in the order to list them. */
  public List<Entry> entries() {
    return entries;
  }

  public Optional<Entry> find(String id) {
    return entries.stream().filter(entry -> entry.spec().id().equals(id)).findFirst();
  }

  /** The {@code sample:} URIs that exist. */
  Set<String> samples() {
    Set<String> samples = new TreeSet<>();
    for (Entry entry : entries) {
      if (entry.spec().train() != null && entry.spec().train().startsWith("sample:")) {
        samples.add(entry.spec().train());
        samples.add(entry.spec().validation());
      }
    }
    return samples;
  }

  /**
   * A task of the catalogue.
   *
   * @param summary one line
   * @param examples about how many there are; null: not known, or not a task to learn
   * @param spec {@code train} and {@code validation} are null where a study must give them
   * @param hub where the Hugging Face Hub keeps it; null: built in
   * @param outOfDistributionOf the task whose models it is meant to test; null: a task to learn
   * @param unranked why its results count in no wins and mean ranks; null: they count
   * @param licence what its makers are known to say
   */
  public record Entry(
      String summary,
      Examples examples,
      TaskSpec spec,
      Hub hub,
      String outOfDistributionOf,
      String unranked,
      String licence,
      String citation) {

    /**
     * The task for files of a format: those in Parquet are the Hub's, with columns of their own.
     */
    TaskSpec spec(String format) {
      return hub != null && "parquet".equals(format)
          ? TaskSpecBuilder.from(spec).columns(null).text(hub.text()).label(hub.label()).build()
          : spec;
    }
  }

  /** How many examples a task has, as its makers say. */
  public record Examples(int train, int validation) {}

  /**
   * A task's files in a data set of the Hugging Face Hub, all Parquet.
   *
   * @param revision null: {@code main}
   * @param train paths in the data set; null or empty: it has no such set
   * @param text its text columns
   * @param label its label column
   * @param verified whether the files have been fetched and read for this catalogue
   */
  public record Hub(
      String dataset,
      String config,
      String revision,
      List<String> train,
      List<String> validation,
      List<String> test,
      List<String> text,
      String label,
      boolean verified) {}

  private static TaskCatalog load(String resource) {
    try (InputStream in = TaskCatalog.class.getResourceAsStream(resource)) {
      List<Entry> entries = new ArrayList<>();
      for (JsonNode task : new YAMLMapper().readTree(in)) {
        entries.add(
            new Entry(
                task.path("summary").asText(),
                Json.MAPPER.treeToValue(task.get("examples"), Examples.class),
                Json.MAPPER.treeToValue(task, TaskSpec.class),
                Json.MAPPER.treeToValue(task.get("hub"), Hub.class),
                task.path("outOfDistributionOf").asText(null),
                task.path("unranked").asText(null),
                task.path("licence").asText(null),
                task.path("citation").asText(null)));
      }
      return new TaskCatalog(entries);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
