package io.buttress.worker;

import io.buttress.study.Method;
import io.buttress.study.Planner;
import io.buttress.study.Regime;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks a study without running it. */
@Command(
    name = "validate",
    description = "Checks a study and prints the size of its plan; runs nothing.",
    mixinStandardHelpOptions = true)
final class ValidateCommand implements Callable<Integer> {

  @Parameters(paramLabel = "STUDY", description = "The study, JSON or YAML.")
  private Path study;

  @Option(
      names = "--trial-seconds",
      paramLabel = "SECONDS",
      description = "What a trial took on average in an earlier study: estimates this one.")
  private Double trialSeconds;

  @Spec private CommandSpec command;

  @Override
  public Integer call() {
    if (trialSeconds != null && !(trialSeconds > 0 && Double.isFinite(trialSeconds))) {
      throw new ParameterException(command.commandLine(), "--trial-seconds must be > 0");
    }
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
    System.out.printf("%d distinct snapshots of pre-trained models%n", Planner.snapshots(spec));
    if (trialSeconds != null) {
      printEstimate(spec, Planner.trials(spec) + refits);
    }
    spec.tasks().forEach(task -> printLeftOut(task, spec));
    return Exit.DONE;
  }

  /** Only from what was measured: hardware, texts and methods differ too much for a guess. */
  private void printEstimate(StudySpec spec, long trials) {
    double hours = trials * trialSeconds / 3600;
    System.out.printf(
        Locale.ROOT,
        "about %,.1f GPU hours at %s s a trial, %,.1f hours with %d at once%n",
        hours,
        trialSeconds,
        hours / spec.execution().maxParallelTrials(),
        spec.execution().maxParallelTrials());
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
