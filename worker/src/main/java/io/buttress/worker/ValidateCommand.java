package io.buttress.worker;

import io.buttress.study.StudySpec;
import java.nio.file.Path;
import java.util.concurrent.Callable;
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
    long trials =
        (long) spec.models().size()
            * spec.tasks().size()
            * spec.methods().size()
            * spec.training().size()
            * spec.regimes().size()
            * spec.seeds().size();
    System.out.printf(
        "%s: %d trials = %d models x %d tasks x %d methods x %d training settings x %d regimes x %d"
            + " seeds%n",
        spec.name(),
        trials,
        spec.models().size(),
        spec.tasks().size(),
        spec.methods().size(),
        spec.training().size(),
        spec.regimes().size(),
        spec.seeds().size());
    return Exit.DONE;
  }
}
