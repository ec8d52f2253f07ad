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
    System.out.printf("%-20s %-15s %-22s %s%n", "TASK", "KIND", "METRIC", "FILES");
    for (TaskSpec task : TaskCatalog.tasks()) {
      System.out.printf(
          "%-20s %-15s %-22s %s%n",
          task.id(),
          task.kind().name().toLowerCase(Locale.ROOT),
          String.join(" + ", task.metric()),
          task.train() == null ? "give train and validation" : "built in");
    }
    return Exit.DONE;
  }
}
