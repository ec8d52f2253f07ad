package io.buttress.plan;

import io.buttress.dataset.DataFormat;
import io.buttress.method.MethodRegistry;
import io.buttress.source.Located;
import io.buttress.source.SourceException;
import io.buttress.source.SourceSession;
import io.buttress.source.Sources;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.study.Artifacts;
import io.buttress.study.Blob;
import io.buttress.study.DataFile;
import io.buttress.study.HubUri;
import io.buttress.study.InvalidStudyException;
import io.buttress.study.OutOfDistribution;
import io.buttress.study.Problem;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedStudy;
import io.buttress.study.ResolvedTask;
import io.buttress.study.SourceUri;
import io.buttress.study.StudySpec;
import io.buttress.study.TaskSpec;
import io.buttress.study.Training;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Imports what a study names and pins it to exact bytes. */
final class StudyResolver {
  private final ArtifactStore store;
  private final Sources sources;
  private final ModelImport models;

  StudyResolver(ArtifactStore store, Sources sources) {
    this.store = store;
    this.sources = sources;
    this.models = new ModelImport(store, sources);
  }

  /**
   * Resolves every model and file.
   *
   * @param progress told the spec's path of each before it is read
   * @throws InvalidStudyException listing all that cannot be used
   * @throws IOException when the store or the hub fails
   */
  ResolvedStudy resolve(StudySpec spec, Consumer<String> progress) throws IOException {
    try (SourceSession session = sources.session()) {
      return resolve(spec, session, progress);
    }
  }

  private ResolvedStudy resolve(StudySpec spec, SourceSession session, Consumer<String> progress)
      throws IOException {
    List<Problem> problems = new ArrayList<>();
    List<ResolvedModel> resolvedModels = new ArrayList<>();
    for (int i = 0; i < spec.models().size(); i++) {
      String path = "models[" + i + "]";
      progress.accept(path);
      try {
        ModelImport.Imported imported =
            models.load(spec.models().get(i), telling(session, path, progress));
        checkFits(spec, imported, problems);
        resolvedModels.add(imported.model());
      } catch (SourceException e) {
        problems.add(new Problem(path, e.getMessage()));
      } catch (IOException e) {
        throw new IOException(path + ": " + e.getMessage(), e);
      }
    }
    List<ResolvedTask> tasks = new ArrayList<>();
    for (int i = 0; i < spec.tasks().size(); i++) {
      tasks.add(resolve(spec.tasks().get(i), "tasks[" + i + "]", session, problems, progress));
    }
    List<ResolvedTask> probes = new ArrayList<>();
    for (int i = 0; i < spec.probes().size(); i++) {
      TaskSpec probe = spec.probes().get(i);
      int known = spec.tasks().indexOf(probe);
      probes.add(
          known >= 0
              ? tasks.get(known)
              : resolve(probe, "collapse.probes[" + i + "]", session, problems, progress));
    }
    if (!problems.isEmpty()) {
      throw new InvalidStudyException(problems);
    }
    return new ResolvedStudy(spec, resolvedModels, tasks, probes);
  }

  private ResolvedTask resolve(
      TaskSpec task,
      String path,
      SourceSession session,
      List<Problem> problems,
      Consumer<String> progress)
      throws IOException {
    SortedMap<String, DataFile> splits = new TreeMap<>();
    for (Map.Entry<String, Place> split : splits(task, path, problems).entrySet()) {
      Place place = split.getValue();
      progress.accept(place.path());
      try {
        splits.put(
            split.getKey(),
            dataFile(place.uri(), task.format(), telling(session, place.path(), progress)));
      } catch (SourceException e) {
        problems.add(new Problem(place.path(), e.getMessage()));
      } catch (IOException e) {
        throw new IOException(place.path() + ": " + e.getMessage(), e);
      }
    }
    return new ResolvedTask(task, splits);
  }

  private static SourceSession telling(
      SourceSession session, String path, Consumer<String> progress) {
    return session.telling(detail -> progress.accept(path + ": " + detail));
  }

  /**
   * A file that a study names.
   *
   * @param path where it names it
   */
  private record Place(String path, String uri) {}

  private static Map<String, Place> splits(TaskSpec task, String path, List<Problem> problems) {
    Map<String, Place> splits = new LinkedHashMap<>();
    splits.put(ResolvedTask.TRAIN, new Place(path + ".train", task.train()));
    splits.put(ResolvedTask.VALIDATION, new Place(path + ".validation", task.validation()));
    if (task.test() != null) {
      splits.put(ResolvedTask.TEST, new Place(path + ".test", task.test()));
    }
    List<OutOfDistribution> others =
        task.outOfDistribution() == null ? List.of() : task.outOfDistribution();
    for (int i = 0; i < others.size(); i++) {
      Place place = new Place(path + ".outOfDistribution[" + i + "]", others.get(i).file());
      if (splits.putIfAbsent(others.get(i).split(), place) != null) {
        problems.add(
            new Problem(place.path(), "another set is named '" + others.get(i).name() + "', too"));
      }
    }
    return splits;
  }

  private DataFile dataFile(String uri, String format, SourceSession session)
      throws SourceException, IOException {
    Located source = sources.dataFile(uri, session);
    DataFormat known =
        (format == null ? DataFormat.ofUri(uri) : DataFormat.of(format)).orElse(null);
    if (known == null) {
      throw new SourceException(
          (format == null
                  ? uri + " has an extension that tells no format; set `format` to"
                  : "unknown format '" + format + "'; there are")
              + " tsv, csv, jsonl or parquet");
    }
    Blob blob = store.putBlob(source.path());
    // Plans name data files, and no artifact does; a blob without a ref would be pruned.
    store.putRef(new Artifact(Artifacts.data(blob), new TreeMap<>(Map.of(Artifacts.DATA, blob))));
    return new DataFile(pinned(uri, source.commit()), known.id(), blob);
  }

  private static String pinned(String uri, String commit) {
    if (commit == null) {
      return uri;
    }
    SourceUri source = SourceUri.parse(uri);
    String location = HubUri.parse(source.location()).orElseThrow().at(commit).toString();
    return location + uri.substring(source.location().length());
  }

  /** What a study asks of a model must fit its architecture. */
  private static void checkFits(
      StudySpec spec, ModelImport.Imported imported, List<Problem> problems) {
    String model = imported.model().uri();
    int longest = imported.config().longestInput();
    for (int length : new TreeSet<>(spec.training().stream().map(Training::maxLength).toList())) {
      if (length > longest) {
        problems.add(
            new Problem(
                "training.maxLength", length + " is more than " + model + " can take: " + longest));
      }
    }
    imported
        .config()
        .missingLayer(spec.collapse().layer())
        .map(missing -> new Problem("collapse.layer", model + ": " + missing))
        .ifPresent(problems::add);
    // Settings of one grid may share a problem.
    spec.methods().stream()
        .flatMap(method -> MethodRegistry.problems(method, model, imported.config()).stream())
        .distinct()
        .forEach(problems::add);
  }
}
