package io.buttress.worker;

import io.buttress.study.TaskCatalog;
import io.buttress.study.TaskSpec;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists the built-in tasks. */
@Command(name = "tasks", description = "Lists the built-in tasks.", mixinStandardHelpOptions = true)
final class TasksCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    String row = "%-18s %-15s %-19s %-26s %s%n";
    System.out.printf(row, "TASK", "KIND", "METRIC", "FILES", "");
    for (TaskCatalog.Entry entry : TaskCatalog.builtIn().entries()) {
      TaskSpec task = entry.spec();
      System.out.printf(
          row,
          task.id(),
          task.kind().name().toLowerCase(Locale.ROOT),
          String.join(", ", task.metric()),
          task.train() == null ? "give train and validation" : "built in",
          entry.summary());
    }
    return Exit.DONE;
  }
}
