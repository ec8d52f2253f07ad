package io.buttress.worker;

import io.buttress.study.MethodCatalog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Lists the fine-tuning methods. */
@Command(
    name = "methods",
    description = "Lists the fine-tuning methods and their parameters.",
    mixinStandardHelpOptions = true)
final class MethodsCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    for (MethodCatalog.Definition method : MethodCatalog.definitions()) {
      System.out.printf("%-12s %s%n", method.id(), method.summary());
      for (MethodCatalog.Parameter parameter : method.parameters()) {
        System.out.printf("  %-10s %s%n", parameter.name(), parameter.describe());
      }
    }
    return Exit.DONE;
  }
}
