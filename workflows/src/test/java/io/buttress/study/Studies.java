package io.buttress.study;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Studies for tests, and their resolution without files: a URI's digest is that of its text. */
public final class Studies {
  private Studies() {}

  public static ResolvedStudy resolve(StudySpec spec) {
    List<ResolvedModel> models =
        spec.models().stream()
            .map(uri -> new ResolvedModel(uri, "key of " + uri, Json.sha256(uri), "commit"))
            .toList();
    return new ResolvedStudy(
        spec,
        models,
        spec.tasks().stream().map(Studies::resolve).toList(),
        spec.probes().stream().map(Studies::resolve).toList());
  }

  private static ResolvedTask resolve(TaskSpec task) {
    Map<String, String> uris = new LinkedHashMap<>();
    uris.put("train", task.train());
    uris.put("validation", task.validation());
    if (task.test() != null) {
      uris.put("test", task.test());
    }
    if (task.outOfDistribution() != null) {
      task.outOfDistribution().forEach(set -> uris.put(set.split(), set.file()));
    }
    TreeMap<String, DataFile> splits = new TreeMap<>();
    uris.forEach(
        (split, uri) ->
            splits.put(
                split,
                new DataFile(
                    uri,
                    uri.substring(uri.lastIndexOf('.') + 1),
                    new Blob(Json.sha256(uri), uri.length()))));
    return new ResolvedTask(task, splits);
  }

  /** A study of so many models, tasks, methods, seeds and training settings. */
  public static StudySpec spec(int models, int tasks, int methods, int seeds, int training) {
    return StudySpecBuilder.builder()
        .name("s")
        .models(IntStream.range(0, models).mapToObj(i -> "file:/models/" + i).toList())
        .tasks(IntStream.range(0, tasks).mapToObj(i -> task("task" + i)).toList())
        .methods(IntStream.range(0, methods).mapToObj(Studies::method).toList())
        .seeds(IntStream.range(0, seeds).mapToObj(i -> (long) i).toList())
        .regimes(List.of(Regime.FULL))
        .training(IntStream.range(0, training).mapToObj(Studies::training).toList())
        .collapse(CollapseSpec.DEFAULT)
        .execution(ExecutionSpec.DEFAULT)
        .build();
  }

  /** Of two classes, with one text. */
  public static TaskSpec task(String id) {
    return task(id, TaskKind.CLASSIFICATION);
  }

  static TaskSpec regressionTask(String id) {
    return task(id, TaskKind.REGRESSION);
  }

  private static TaskSpec task(String id, TaskKind kind) {
    boolean classes = kind == TaskKind.CLASSIFICATION;
    return TaskSpecBuilder.builder()
        .id(id)
        .kind(kind)
        .labels(classes ? List.of("a", "b") : null)
        .train("file:/data/" + id + "/train.tsv")
        .validation("file:/data/" + id + "/dev.tsv")
        .text(List.of("text"))
        .label("label")
        .metric(List.of(classes ? "accuracy" : "pearson"))
        .build();
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
    return TrainingBuilder.from(Training.DEFAULT)
        .learningRate(1e-5 * (i + 1))
        .maxLength(128 + i % 2)
        .minSteps(0)
        .build();
  }
}
