package io.buttress.worker;

import io.buttress.study.CostEstimate;
import io.buttress.study.Method;
import io.buttress.study.Planner;
import io.buttress.study.Regime;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import java.nio.file.Path;
import java.util.List;
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
  private static final double SECONDS_PER_HOUR = 3600;

  /** Operations per second of training on a data-centre GPU: a third of an A100's TF32 peak. */
  private static final double SUSTAINED = 50e12;

  @Parameters(paramLabel = "STUDY", description = "The study, JSON or YAML.")
  private Path study;

  @Option(
      names = "--trial-seconds",
      paramLabel = "SECONDS",
      description = "What a trial took on average in an earlier study, for the estimate.")
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
    if (!spec.probes().isEmpty()) {
      System.out.printf("probes of up to %d other tasks in every trial%n", spec.probes().size());
    }
    if (trialSeconds == null) {
      printEstimate(spec);
    } else {
      double hours = (Planner.trials(spec) + refits) * trialSeconds / SECONDS_PER_HOUR;
      printHours("about", hours, spec, "at " + trialSeconds + " s a trial");
    }
    spec.tasks().forEach(task -> printLeftOut(task, spec));
    return Exit.DONE;
  }

  private static void printEstimate(StudySpec spec) {
    CostEstimate cost = CostEstimate.of(spec);
    if (cost.steps() > 0) {
      String how =
          String.format(
              Locale.ROOT,
              "%,.0f steps of an encoder as large as BERT-base, every text maxLength long, at %.0f"
                  + " TFLOP/s; --trial-seconds estimates from what you measured",
              cost.steps(),
              SUSTAINED / 1e12);
      printHours("at most about", cost.operations() / SUSTAINED / SECONDS_PER_HOUR, spec, how);
    }
    List<String> unknown =
        spec.tasks().stream()
            .filter(task -> !CostEstimate.isKnown(task))
            .map(TaskSpec::id)
            .toList();
    if (!unknown.isEmpty()) {
      System.out.printf(
          "not estimated, because its size is not known: %s%n", String.join(", ", unknown));
    }
  }

  private static void printHours(String bound, double hours, StudySpec spec, String how) {
    System.out.printf(
        Locale.ROOT,
        "%s %,.1f GPU hours, %,.1f hours with %d at once (%s)%n",
        bound,
        hours,
        hours / spec.execution().maxParallelTrials(),
        spec.execution().maxParallelTrials(),
        how);
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
