package io.buttress.worker;

import io.buttress.study.Method;
import io.buttress.study.Planner;
import io.buttress.study.Regime;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Checks a study without running it. */
@Command(
    name = "validate",
    description = "Checks a study and prints the size of its plan; runs nothing.",
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {

  @Parameters(paramLabel = "STUDY", description = "The study, JSON or YAML.")
  private Path study;

  @Override
  public Integer call() {
    StudySpec spec = StudyFile.read(study).spec();
    long refits = Planner.refits(spec);
    System.out.printf(
        "%s: %d trials = %d models x %d tasks x %d methods x %d training settings x %d regimes x %d"
            + " seeds%s%n",
        spec.name(),
        Planner.trials(spec),
        spec.models().size(),
        spec.tasks().size(),
        spec.methods().size(),
        spec.training().size(),
        spec.regimes().size(),
        spec.seeds().size(),
        refits == 0 ? "" : ", then up to " + refits + " refits of the chosen settings");
    spec.tasks().forEach(task -> printLeftOut(task, spec));
    return Exit.DONE;
  }

  private static void printLeftOut(TaskSpec task, StudySpec spec) {
    Set<String> ids =
        Stream.concat(
                spec.methods().stream()
                    .filter(method -> !Planner.applies(method, task))
                    .map(Method::id),
                spec.regimes().stream()
                    .filter(regime -> !regime.applies(task.kind()))
                    .map(Regime::id))
            .collect(Collectors.toCollection(TreeSet::new));
    if (!ids.isEmpty()) {
      System.out.printf(
          "left out: %s on %s, which is regression%n", String.join(", ", ids), task.id());
    }
  }
}
