package io.buttress.worker;

import io.buttress.study.TaskCatalog;
import io.buttress.study.TaskCatalog.Entry;
import io.buttress.study.TaskCatalog.Hub;
import io.buttress.study.TaskSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the tasks of the catalogue, or shows one in full. */
@Command(
    name = "tasks",
    description = "Lists the catalogue's tasks, or shows one in full.",
    mixinStandardHelpOptions = true)
final class TasksCommand implements Callable<Integer> {
  private static final int MOST_LABELS = 4;

  @Spec private CommandSpec command;

  @Parameters(paramLabel = "TASK", arity = "0..1", description = "The task to show in full.")
  private String id;

  @Override
  public Integer call() {
    if (id == null) {
      list(TaskCatalog.builtIn().entries());
    } else {
      show(
          TaskCatalog.builtIn()
              .find(id)
              .orElseThrow(
                  () ->
                      new ParameterException(
                          command.commandLine(),
                          "no task " + id + ": `buttress tasks` lists them")));
    }
    return Exit.DONE;
  }

  private static void list(List<Entry> entries) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("TASK", "KIND", "METRIC", "LABELS", "FILES", "LICENCE"));
    entries.forEach(entry -> rows.add(row(entry)));
    int[] widths =
        IntStream.range(0, rows.get(0).size())
            .map(i -> rows.stream().mapToInt(row -> row.get(i).length()).max().orElse(0))
            .toArray();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
      }
      System.out.println(line.toString().stripTrailing());
    }
    if (entries.stream().anyMatch(entry -> entry.hub() != null && !entry.hub().verified())) {
      System.out.println(
          "* not verified: written down without fetching the files. A study gives train and"
              + " validation; `buttress tasks TASK` says where they are.");
    }
  }

  private static List<String> row(Entry entry) {
    TaskSpec task = entry.spec();
    return List.of(
        task.id(),
        kind(entry),
        String.join(", ", task.metric()),
        labels(task.labels()),
        entry.hub() == null ? "built in" : entry.hub().dataset() + unverified(entry.hub(), "*"),
        Optional.ofNullable(entry.licence()).orElse("-"));
  }

  private static String kind(Entry entry) {
    String kind = entry.spec().kind().name().toLowerCase(Locale.ROOT);
    return entry.outOfDistributionOf() == null
        ? kind
        : kind + ", out of distribution for " + entry.outOfDistributionOf();
  }

  private static String labels(List<String> labels) {
    if (labels == null) {
      return "-";
    }
    return labels.size() > MOST_LABELS ? labels.size() + " labels" : String.join(", ", labels);
  }

  private static String unverified(Hub hub, String mark) {
    return hub.verified() ? "" : mark;
  }

  private static void show(Entry entry) {
    TaskSpec task = entry.spec();
    line("task", task.id());
    line("what", entry.summary());
    line("kind", kind(entry));
    line("metric", String.join(", ", task.metric()));
    line("labels", task.labels() == null ? "-" : String.join(", ", task.labels()));
    line("columns", columns(task.text(), task.label()));
    if (task.columns() != null) {
      line("", "its original file has no header row: " + String.join(", ", task.columns()));
    }
    Hub hub = entry.hub();
    if (hub == null) {
      line("files", "built in");
      return;
    }
    line("Hub", "%s, configuration %s".formatted(hub.dataset(), hub.config()));
    line("  revision", hub.revision() == null ? "main" : hub.revision());
    line("  columns", columns(hub.text(), hub.label()));
    files("  train", hub.train());
    files("  validation", hub.validation());
    files("  test", hub.test());
    line("  verified", hub.verified() ? "yes" : "no: written down without fetching the files");
    line("licence", entry.licence());
    line("citation", entry.citation());
  }

  private static String columns(List<String> text, String label) {
    return "text: %s; label: %s".formatted(String.join(", ", text), label);
  }

  private static void files(String split, List<String> files) {
    if (files != null) {
      line(split, String.join(", ", files));
    }
  }

  private static void line(String name, String value) {
    System.out.printf("%-12s %s%n", name, value);
  }
}
