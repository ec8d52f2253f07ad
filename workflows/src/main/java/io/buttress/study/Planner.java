package io.buttress.study;

import com.fasterxml.jackson.core.type.TypeReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Turns a resolved study into trials. A pure function: equal studies give equal plans.
 *
 * <p>A trial's fingerprint covers everything that decides its result (model and data by content,
 * how the data is read, method, regime, seed, training) and nothing else: not names, URIs, what is
 * measured afterwards or how the study is run.
 */
public final class Planner {
  private static final int FINGERPRINT_VERSION = 1;
  private static final List<String> YOUNGER_TRAINING_FIELDS =
      List.of("microBatchSize", "patience", "evaluateEvery");
  private static final int MOST_WITH_ALL_MODELS = 100;
  private static final TypeReference<TreeMap<String, Object>> FIELDS = new TypeReference<>() {};

  private Planner() {}

  /** How many trials a study has; a lower bound where there are billions. */
  public static long trials(StudySpec spec) {
    long cells = 0;
    for (TaskSpec task : spec.tasks()) {
      cells += regimes(spec, task) * methods(spec, task).count();
    }
    return product(cells, List.of(spec.models(), spec.seeds(), spec.training()));
  }

  private static long regimes(StudySpec spec, TaskSpec task) {
    return spec.regimes().stream().filter(regime -> regime.applies(task.kind())).count();
  }

  private static Stream<Method> methods(StudySpec spec, TaskSpec task) {
    return spec.methods().stream().filter(method -> applies(method, task));
  }

  /** How many datasets a study prepares. */
  static long datasets(StudySpec spec) {
    long tasks = Stream.concat(spec.tasks().stream(), spec.probes().stream()).distinct().count();
    return product(tasks, List.of(spec.models(), lengths(spec)));
  }

  /** How many snapshots of pre-trained representations a study makes; trials share them. */
  public static long snapshots(StudySpec spec) {
    long perLength = 0;
    for (TaskSpec task : spec.tasks()) {
      perLength +=
          methods(spec, task)
              .flatMap(method -> SnapshotRequest.all(null, spec.collapse(), method).stream())
              .distinct()
              .count();
    }
    return product(perLength, List.of(spec.models(), lengths(spec)));
  }

  private static List<Integer> lengths(StudySpec spec) {
    return spec.training().stream().map(Training::maxLength).distinct().toList();
  }

  private static long product(long factor, List<List<?>> axes) {
    long product = factor;
    for (List<?> axis : axes) {
      // Capped before each multiplication, so that no product overflows.
      product = Math.min(product, Integer.MAX_VALUE) * axis.size();
    }
    return product;
  }

  /** Whether a method can be used for a task; the plan leaves out what cannot. */
  public static boolean applies(Method method, TaskSpec task) {
    return task.kind() != TaskKind.REGRESSION || MethodCatalog.entry(method).regression();
  }

  /**
   * How many trials at most follow a study's selection: one setting of each method is trained again
   * for every seed.
   */
  public static long refits(StudySpec spec) {
    if (spec.selection() == null || !spec.selection().refit()) {
      return 0;
    }
    long cells = 0;
    for (TaskSpec task : spec.tasks()) {
      cells += regimes(spec, task) * methods(spec, task).map(Method::id).distinct().count();
    }
    return product(cells, List.of(spec.models(), spec.seeds()));
  }

  /**
   * Plans a study.
   *
   * @throws InvalidStudyException when two models or two tasks have the same content, so that their
   *     trials would be the same
   */
  public static StudyPlan plan(ResolvedStudy study) {
    StudySpec spec = study.spec();
    checkDistinct(study);
    List<Trial> trials = new ArrayList<>();
    Set<DatasetRequest> datasets = new LinkedHashSet<>();
    for (ResolvedTask task : study.tasks()) {
      for (ResolvedModel model : study.models()) {
        for (Regime regime : spec.regimes()) {
          if (!regime.applies(task.spec().kind())) {
            continue;
          }
          for (Training training : spec.training()) {
            DatasetRequest dataset = new DatasetRequest(model, task, training.maxLength());
            datasets.add(dataset);
            List<ResolvedTask> probes = probes(study, task);
            probes.forEach(
                probe -> datasets.add(new DatasetRequest(model, probe, training.maxLength())));
            for (Method method : methods(spec, task.spec()).toList()) {
              for (long seed : spec.seeds()) {
                trials.add(trial(spec, dataset, probes, method, regime, seed, training.in(regime)));
              }
            }
          }
        }
      }
    }
    return new StudyPlan(studyKey(study), List.copyOf(trials), List.copyOf(datasets));
  }

  /** The tasks that models of a task are probed for: all but this task itself. */
  private static List<ResolvedTask> probes(ResolvedStudy study, ResolvedTask task) {
    return study.probes().stream()
        .filter(probe -> !probe.spec().id().equals(task.spec().id()))
        .toList();
  }

  private static Trial trial(
      StudySpec spec,
      DatasetRequest dataset,
      List<ResolvedTask> probes,
      Method method,
      Regime regime,
      long seed,
      Training training) {
    Double selection = spec.selection() == null ? null : spec.selection().fraction();
    return TrialBuilder.builder()
        .fingerprint(
            fingerprint(dataset, method, regime, seed, training, selection, spec.collapse()))
        .dataset(dataset)
        .method(method)
        .regime(regime)
        .seed(seed)
        .training(training)
        .selection(selection)
        .collapse(spec.collapse())
        .keepModel(!keepModels(spec).equals("none"))
        .onlyBest(keepModels(spec).equals("best"))
        .search(spec.selection() != null && spec.selection().refit())
        .checkpointSeconds(spec.execution().checkpointSeconds())
        .probes(probes)
        .build();
  }

  private static String keepModels(StudySpec spec) {
    String chosen = spec.execution().keepModels();
    if (chosen != null) {
      return chosen;
    }
    return trials(spec) + refits(spec) <= MOST_WITH_ALL_MODELS ? "all" : "best";
  }

  /** The same trial on all of its training set: equal to that of a study without selection. */
  public static Trial refit(Trial trial) {
    String fingerprint =
        fingerprint(
            trial.dataset(),
            trial.method(),
            trial.regime(),
            trial.seed(),
            trial.training(),
            null,
            trial.collapse());
    return TrialBuilder.from(trial).fingerprint(fingerprint).selection(null).search(false).build();
  }

  private static String fingerprint(
      DatasetRequest dataset,
      Method method,
      Regime regime,
      long seed,
      Training training,
      Double selection,
      CollapseSpec collapse) {
    Map<String, Object> deciding = new TreeMap<>();
    deciding.put("version", FINGERPRINT_VERSION);
    deciding.put("model", dataset.model().digest());
    deciding.put("data", Artifacts.examples(dataset.task()));
    deciding.put("method", method);
    deciding.put("regime", regime);
    deciding.put("seed", seed);
    deciding.put("training", content(training));
    if (selection != null) {
      deciding.put("selection", selection);
    }
    if (collapse.trajectory() > 0) {
      // Measured during training, and stored with its history.
      deciding.put("trajectory", collapse.trajectory());
      deciding.put("layer", collapse.layer());
      deciding.put("pooling", collapse.pooling());
    }
    return Json.sha256(deciding);
  }

  /**
   * Fields that were added later enter the fingerprint only when they are set, so that results
   * stored before are still found.
   */
  private static Map<String, Object> content(Training training) {
    Map<String, Object> content = Json.MAPPER.convertValue(training, FIELDS);
    YOUNGER_TRAINING_FIELDS.forEach(field -> content.remove(field, null));
    content.put("minSteps", training.leastSteps());
    return content;
  }

  private static String studyKey(ResolvedStudy study) {
    StudySpec spec = study.spec();
    Map<String, Object> deciding = new TreeMap<>();
    deciding.put("version", FINGERPRINT_VERSION);
    deciding.put("models", study.models().stream().map(ResolvedModel::digest).toList());
    deciding.put("tasks", study.tasks().stream().map(Planner::reported).toList());
    deciding.put("methods", spec.methods());
    deciding.put("seeds", spec.seeds());
    deciding.put("regimes", spec.regimes());
    deciding.put("training", spec.training().stream().map(Planner::content).toList());
    if (spec.selection() != null) {
      deciding.put("selection", spec.selection());
    }
    deciding.put("collapse", spec.collapse());
    if (!study.probes().isEmpty()) {
      deciding.put("probes", study.probes().stream().map(Planner::reported).toList());
    }
    return Json.sha256(deciding);
  }

  /** A task's id and metric decide the report, though no trial. */
  private static Map<String, Object> reported(ResolvedTask task) {
    Map<String, Object> content = Artifacts.examples(task);
    content.put("id", task.spec().id());
    content.put("metric", task.spec().metric());
    return content;
  }

  private static void checkDistinct(ResolvedStudy study) {
    List<Problem> problems = new ArrayList<>();
    repeats("models", study.models().stream().map(ResolvedModel::digest).toList(), problems);
    repeats("tasks", study.tasks().stream().map(Artifacts::examples).toList(), problems);
    if (!problems.isEmpty()) {
      throw new InvalidStudyException(problems);
    }
  }

  private static void repeats(String field, List<?> contents, List<Problem> problems) {
    Map<Object, Integer> first = new HashMap<>();
    for (int i = 0; i < contents.size(); i++) {
      Integer other = first.putIfAbsent(contents.get(i), i);
      if (other != null) {
        problems.add(
            new Problem(
                field + "[" + i + "]", "has the same content as " + field + "[" + other + "]"));
      }
    }
  }
}
