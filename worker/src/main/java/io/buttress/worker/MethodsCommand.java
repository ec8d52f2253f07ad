package io.buttress.worker;

import io.buttress.study.MethodCatalog;
import io.buttress.study.Parameter;
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
    for (MethodCatalog.Entry method : MethodCatalog.entries()) {
      System.out.printf(
          "%-16s %s%s%n",
          method.id(), method.summary(), method.regression() ? "" : " (not for regression)");
      for (Parameter parameter : method.parameters()) {
        System.out.printf(
            "  %-16s %s; default %s%n",
            parameter.name(), values(parameter), parameter.defaultValue());
      }
    }
    return Exit.DONE;
  }

  private static String values(Parameter parameter) {
    return switch (parameter.kind()) {
      case NUMBER, INTEGER -> "a number";
      case CHOICE -> String.join(" or ", parameter.choices());
      case LAYERS -> "indices into the hidden states, 0 = embeddings, -1 = last";
    };
  }
}
