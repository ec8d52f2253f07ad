package io.buttress.collapse;

import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Trial;
import io.buttress.study.TrialResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * Collapse measurements in the object store: {@code collapse.json} (metrics before and after),
 * {@code spectrum.csv} and {@code spectrum.png}.
 */
public final class CollapseStore {
  private final ArtifactStore store;

  public CollapseStore(ArtifactStore store) {
    this.store = store;
  }

  /** Metrics of a trial that has been measured. */
  Optional<TrialResult.Collapse> metrics(Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.collapse(trial));
    return artifact.isEmpty() ? Optional.empty() : Optional.of(metrics(artifact.get()));
  }

  /** Spectra of a trial that has been measured. */
  public Optional<Spectra> spectra(Trial trial) throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.collapse(trial));
    return artifact.isEmpty()
        ? Optional.empty()
        : Optional.of(Spectra.read(store.file(artifact.get(), Artifacts.SPECTRUM)));
  }

  /**
   * Stores a measurement, or adopts the one that is there.
   *
   * @return the metrics that are stored
   */
  TrialResult.Collapse put(Trial trial, TrialResult.Collapse metrics, Spectra spectra, String title)
      throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      Files.writeString(scratch.root().resolve(Artifacts.COLLAPSE), Json.canonical(metrics));
      spectra.write(scratch.root().resolve(Artifacts.SPECTRUM));
      SpectrumChart.write(scratch.root().resolve(Artifacts.SPECTRUM_CHART), title, spectra);
      return metrics(store.put(Artifacts.collapse(trial), scratch.files()));
    }
  }

  private TrialResult.Collapse metrics(Artifact artifact) throws IOException {
    return Json.MAPPER.readValue(
        store.file(artifact, Artifacts.COLLAPSE).toFile(), TrialResult.Collapse.class);
  }
}
