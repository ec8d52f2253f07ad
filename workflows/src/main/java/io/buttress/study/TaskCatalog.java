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
   * @param spec {@code train} and {@code validation} are null where a study must give them
   */
  public record Entry(String summary, TaskSpec spec) {}

  private static TaskCatalog load(String resource) {
    try (InputStream in = TaskCatalog.class.getResourceAsStream(resource)) {
      List<Entry> entries = new ArrayList<>();
      for (JsonNode task : new YAMLMapper().readTree(in)) {
        entries.add(
            new Entry(
                task.path("summary").asText(), Json.MAPPER.treeToValue(task, TaskSpec.class)));
      }
      return new TaskCatalog(entries);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
