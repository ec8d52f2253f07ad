package io.buttress.plan;

import com.codahale.metrics.MetricRegistry;
import io.buttress.source.Buckets;
import io.buttress.source.FileRoots;
import io.buttress.source.Hub;
import io.buttress.source.HubAccess;
import io.buttress.source.SourceException;
import io.buttress.source.Sources;
import io.buttress.stack.SettingNames;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.DirectoryObjectStore;
import io.buttress.storage.Safetensors;
import io.buttress.study.CollapseSpec;
import io.buttress.study.DataFile;
import io.buttress.study.ExecutionSpec;
import io.buttress.study.Regime;
import io.buttress.study.ResolvedModel;
import io.buttress.study.ResolvedTask;
import io.buttress.study.Studies;
import io.buttress.study.StudySpec;
import io.buttress.study.StudySpecBuilder;
import io.buttress.study.TaskSpec;
import io.buttress.study.TaskSpecBuilder;
import io.buttress.study.Training;
import io.buttress.study.TrainingBuilder;
import io.buttress.study.Trials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the tests of this package build on. */
public final class Fixtures {
  public static final Buckets NO_BUCKETS = new Buckets(Map.of(), "BUTTRESS_S3_BUCKETS");
  public static final FileRoots NO_FILES = fileRoots();

  private Fixtures() {}

  public static ArtifactStore store(Path folder) throws IOException {
    return new ArtifactStore(
        new DirectoryObjectStore(folder.resolve("objects")), folder.resolve("cache"));
  }

  public static Sources sources(Path folder, Path... roots) throws IOException {
    FileRoots allowed = roots.length == 0 ? fileRoots(Path.of("/")) : fileRoots(roots);
    return new Sources(
        allowed, offlineHub(folder), NO_BUCKETS, folder.resolve("scratch"), new MetricRegistry());
  }

  /** A cache at {@code hf} alone. */
  public static Hub offlineHub(Path folder) {
    return new Hub(
        new HubAccess(
            Hub.DEFAULT_ENDPOINT, Optional.empty(), folder.resolve("hf"), true, SettingNames.HUB),
        new MetricRegistry());
  }

  public static FileRoots fileRoots(Path... folders) {
    return new FileRoots(List.of(folders), "BUTTRESS_FILE_ROOTS");
  }

  public static ResolvedModel imported(ArtifactStore store, Sources sources, String uri)
      throws SourceException, IOException {
    return new ModelImport(store, sources).load(uri, sources.session()).model();
  }

  public static InputStream resource(String name) {
    return Fixtures.class.getResourceAsStream("/io/buttress/dataset/" + name);
  }

  /** A Hugging Face folder with the tiny tokenizer and a BERT of one layer, all zeros. */
  public static Path model(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "bert", "vocab_size": 131, "max_position_embeddings": 64, "hidden_size": 2,
         "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 2,
         "type_vocab_size": 2}
        """);
    Map<String, Safetensors.Tensor> tensors = new TreeMap<>();
    zeros(tensors, "embeddings.word_embeddings.weight", 131, 2);
    zeros(tensors, "embeddings.position_embeddings.weight", 64, 2);
    zeros(tensors, "embeddings.token_type_embeddings.weight", 2, 2);
    zeros(tensors, "embeddings.LayerNorm.weight", 2);
    zeros(tensors, "embeddings.LayerNorm.bias", 2);
    for (String name :
        List.of(
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense")) {
      zeros(tensors, "encoder.layer.0." + name + ".weight", 2, 2);
      zeros(tensors, "encoder.layer.0." + name + ".bias", 2);
    }
    for (String name : List.of("attention.output.LayerNorm", "output.LayerNorm")) {
      zeros(tensors, "encoder.layer.0." + name + ".weight", 2);
      zeros(tensors, "encoder.layer.0." + name + ".bias", 2);
    }
    Safetensors.write(folder.resolve("model.safetensors"), tensors);
    try (InputStream in = resource("tokenizer.json")) {
      Files.copy(in, folder.resolve("tokenizer.json"));
    }
    return folder;
  }

  private static void zeros(Map<String, Safetensors.Tensor> tensors, String name, long... shape) {
    int size = 1;
    for (long length : shape) {
      size *= (int) length;
    }
    tensors.put(name, Safetensors.Tensor.of(new float[size], shape));
  }

  public static TaskSpec task(String train, String validation) {
    return TaskSpecBuilder.from(Studies.task("mine"))
        .labels(null)
        .train(train)
        .validation(validation)
        .build();
  }

  public static StudySpec study(List<String> models, List<TaskSpec> tasks) {
    return StudySpecBuilder.builder()
        .name("test")
        .models(models)
        .tasks(tasks)
        .methods(List.of(Trials.stl()))
        .seeds(List.of(1L))
        .regimes(List.of(Regime.FULL))
        .training(List.of(TrainingBuilder.from(Training.DEFAULT).maxLength(16).minSteps(0).build()))
        .collapse(CollapseSpec.DEFAULT)
        .execution(ExecutionSpec.DEFAULT)
        .build();
  }

  /** A task whose files are already in the store, as TSV. */
  public static ResolvedTask resolved(
      ArtifactStore store, TaskSpec spec, Map<String, String> splits) throws IOException {
    TreeMap<String, DataFile> files = new TreeMap<>();
    for (Map.Entry<String, String> split : splits.entrySet()) {
      Path file = Files.createTempFile("split", ".tsv");
      Files.writeString(file, split.getValue());
      String uri = "file:/data/" + split.getKey() + ".tsv";
      files.put(split.getKey(), new DataFile(uri, "tsv", store.putBlob(file)));
      Files.delete(file);
    }
    return new ResolvedTask(spec, files);
  }
}
