package io.buttress.study;

import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Studies for tests, and their resolution without files: a URI's digest is that of its text. */
public final class Studies {
  private Studies() {}

  public static ResolvedStudy resolve(StudySpec spec) {
    List<ResolvedModel> models =
        spec.models().stream()
            .map(uri -> new ResolvedModel(uri, "key-of-" + uri, Json.sha256(uri)))
            .toList();
    return new ResolvedStudy(
        spec,
        models,
        spec.tasks().stream().map(Studies::resolve).toList(),
        spec.probes().stream().map(Studies::resolve).toList());
  }

  private static ResolvedTask resolve(TaskSpec task) {
    TreeMap<String, DataFile> splits = new TreeMap<>();
    splits.put("train", file(task.train()));
    splits.put("validation", file(task.validation()));
    return new ResolvedTask(task, splits);
  }

  private static DataFile file(String uri) {
    return new DataFile(uri, "tsv", new Blob(Json.sha256(uri), uri.length()));
  }

  /** A study of so many models, tasks, methods, seeds and training settings. */
  public static StudySpec spec(int models, int tasks, int methods, int seeds, int training) {
    return new StudySpec(
        "s",
        IntStream.range(0, models).mapToObj(i -> "file:/models/" + i).toList(),
        IntStream.range(0, tasks).mapToObj(Studies::task).toList(),
        IntStream.range(0, methods).mapToObj(Studies::method).toList(),
        IntStream.range(0, seeds).mapToObj(i -> (long) i).toList(),
        List.of(Regime.FULL),
        IntStream.range(0, training).mapToObj(Studies::training).toList(),
        null,
        CollapseSpec.DEFAULT,
        ExecutionSpec.DEFAULT,
        List.of());
  }

  /** The same study of other tasks and methods. */
  static StudySpec with(StudySpec spec, List<TaskSpec> tasks, List<Method> methods) {
    return new StudySpec(
        spec.name(),
        spec.models(),
        tasks,
        methods,
        spec.seeds(),
        spec.regimes(),
        spec.training(),
        spec.selection(),
        spec.collapse(),
        spec.execution(),
        List.of());
  }

  /** The same study with probes. */
  static StudySpec probing(StudySpec spec, List<TaskSpec> probes) {
    return new StudySpec(
        spec.name(),
        spec.models(),
        spec.tasks(),
        spec.methods(),
        spec.seeds(),
        spec.regimes(),
        spec.training(),
        spec.selection(),
        spec.collapse(),
        spec.execution(),
        probes);
  }

  private static TaskSpec task(int i) {
    return task("task" + i, TaskKind.CLASSIFICATION);
  }

  static TaskSpec regressionTask(String id) {
    return task(id, TaskKind.REGRESSION);
  }

  private static TaskSpec task(String id, TaskKind kind) {
    boolean classes = kind == TaskKind.CLASSIFICATION;
    return new TaskSpec(
        id,
        kind,
        classes ? List.of("a", "b") : null,
        "file:/data/" + id + "/train.tsv",
        "file:/data/" + id + "/dev.tsv",
        null,
        null,
        null,
        List.of("text"),
        "label",
        List.of(classes ? "accuracy" : "pearson"),
        null,
        null);
  }

  private static Method method(int i) {
    TreeMap<String, Object> parameters = new TreeMap<>();
    if (i > 0) {
      parameters.put("lambda", 0.1 * i);
      parameters.put("layers", List.of(-1));
      parameters.put("pooling", "cls");
    }
    return new Method(i == 0 ? "stl" : "repina-i", parameters);
  }

  private static Training training(int i) {
    return new Training(
        3,
        32,
        1e-5 * (i + 1),
        0.06,
        128 + i % 2,
        "fp32",
        0.01,
        1.0,
        "linear",
        null,
        null,
        0,
        null,
        null,
        null);
  }
}
