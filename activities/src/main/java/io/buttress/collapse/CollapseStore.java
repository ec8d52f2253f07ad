package io.buttress.collapse;

import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Collapse measurements in the object store: {@code collapse.json} (metrics before and after),
 * {@code spectrum.csv} and {@code spectrum.png}.
 */
public final class CollapseStore {
  private static final int FORMAT_VERSION = 3;
  private static final String METRICS = "collapse.json";
  private static final String TABLE = "spectrum.csv";
  private static final String CHART = "spectrum.png";

  private final ArtifactStore store;

  public CollapseStore(ArtifactStore store) {
    this.store = store;
  }

  /** The artifact's key: the trial, and how its collapse is measured. */
  public static String key(Trial trial) {
    Map<String, Object> inputs = new TreeMap<>();
    inputs.put("artifact", "collapse");
    inputs.put("version", FORMAT_VERSION);
    inputs.put("fingerprint", trial.fingerprint());
    inputs.put("collapse", trial.collapse());
    return ArtifactStore.key(inputs);
  }

  /** Metrics of a trial that has been measured. */
  Optional<TrialResult.Collapse> metrics(Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(key(trial));
    return artifact.isEmpty() ? Optional.empty() : Optional.of(metrics(artifact.get()));
  }

  /** Spectra of a trial that has been measured. */
  public Optional<Spectra> spectra(Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(key(trial));
    return artifact.isEmpty()
        ? Optional.empty()
        : Optional.of(Spectra.read(store.file(artifact.get(), TABLE)));
  }

  /**
   * Stores a measurement, or adopts the one that is there.
   *
   * @return the metrics that are stored
   */
  TrialResult.Collapse put(Trial trial, TrialResult.Collapse metrics, Spectra spectra, String title)
      throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      Files.writeString(scratch.root().resolve(METRICS), Json.canonical(metrics));
      spectra.write(scratch.root().resolve(TABLE));
      SpectrumChart.write(scratch.root().resolve(CHART), title, spectra);
      return metrics(store.put(key(trial), scratch.files()));
    }
  }

  private TrialResult.Collapse metrics(Artifact artifact) throws IOException {
    return Json.MAPPER.readValue(
        store.file(artifact, METRICS).toFile(), TrialResult.Collapse.class);
  }
}
