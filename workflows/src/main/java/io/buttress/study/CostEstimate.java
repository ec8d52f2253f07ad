package io.buttress.study;

import io.buttress.study.TaskCatalog.Examples;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the trials of a study take at most, from sizes that are known before any file is read.
 *
 * <p>A forward and backward pass takes 6 floating-point operations for each parameter and token, a
 * forward pass alone 2 (Kaplan et al. 2020, arXiv 2001.08361, section 2.1). Every text counts as
 * {@code maxLength} tokens, and no training stops early. Out-of-distribution sets, probes and the
 * measuring of collapse are left out.
 *
 * @param steps optimizer steps
 * @param operations floating-point operations with an encoder of BERT-base's size
 */
public record CostEstimate(double steps, double operations) {
  /**
   * Parameters of BERT-base's layers, without the embeddings: those are looked up, not multiplied.
   */
  private static final double PARAMETERS = 85e6;

  private static final CostEstimate NOTHING = new CostEstimate(0, 0);

  /** All tasks whose size the catalogue knows, refits of chosen settings included. */
  public static CostEstimate of(StudySpec spec) {
    double models = spec.models().size();
    return spec.tasks().stream()
        .flatMap(task -> size(task).stream().map(size -> of(spec, task, size)))
        .reduce(NOTHING, CostEstimate::plus)
        .times(models * spec.seeds().size());
  }

  /** Whether the catalogue says how many examples a task has. */
  public static boolean isKnown(TaskSpec task) {
    return size(task).isPresent();
  }

  private static Optional<Examples> size(TaskSpec task) {
    return TaskCatalog.builtIn().find(task.id()).map(TaskCatalog.Entry::examples);
  }

  private static CostEstimate of(StudySpec spec, TaskSpec task, Examples size) {
    return spec.regimes().stream()
        .filter(regime -> regime.applies(task.kind()))
        .map(regime -> of(spec, task, size, regime))
        .reduce(NOTHING, CostEstimate::plus);
  }

  /** One model and one seed. */
  private static CostEstimate of(StudySpec spec, TaskSpec task, Examples size, Regime regime) {
    SelectionSpec selection = spec.selection();
    CostEstimate search =
        settings(spec, task, size, regime, selection == null ? 0 : selection.fraction())
            .values()
            .stream()
            .flatMap(List::stream)
            .reduce(NOTHING, CostEstimate::plus);
    if (selection == null || !selection.refit()) {
      return search;
    }
    // The setting to be refitted is not known yet: of each method, count the most expensive one.
    return settings(spec, task, size, regime, 0).values().stream()
        .map(costs -> costs.stream().max(Comparator.comparing(CostEstimate::operations)).get())
        .reduce(search, CostEstimate::plus);
  }

  /** What each setting costs, by method. */
  private static Map<String, List<CostEstimate>> settings(
      StudySpec spec, TaskSpec task, Examples size, Regime regime, double apart) {
    int examples =
        Stream.of(task.limit(), regime.examples())
            .filter(limit -> limit != null)
            .reduce(size.train(), Math::min);
    Examples used = new Examples((int) Math.ceil(examples * (1 - apart)), size.validation());
    return spec.methods().stream()
        .filter(method -> Planner.applies(method, task))
        .collect(
            Collectors.groupingBy(
                Method::id,
                Collectors.flatMapping(
                    method ->
                        spec.training().stream()
                            .map(training -> of(used, method, training.in(regime))),
                    Collectors.toList())));
  }

  private static CostEstimate of(Examples used, Method method, Training training) {
    double steps = training.totalSteps(used.train());
    int passes = MethodCatalog.entry(method).passes();
    double trained = steps * training.batchSize() * passes;
    double operations = (6 * trained + 2.0 * used.validation()) * training.maxLength();
    return new CostEstimate(steps, operations * PARAMETERS);
  }

  private CostEstimate plus(CostEstimate other) {
    return new CostEstimate(steps + other.steps, operations + other.operations);
  }

  private CostEstimate times(double factor) {
    return new CostEstimate(steps * factor, operations * factor);
  }
}
