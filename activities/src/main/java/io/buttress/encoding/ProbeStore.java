package io.buttress.encoding;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Artifacts;
import io.buttress.study.Json;
import io.buttress.study.Numerics;
import io.buttress.study.ProbeRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Results of probes in the object store: {@code probe.json}, metric to value on the probe's
 * validation set, null where undefined. An encoder is named by its trial's fingerprint, or {@link
 * #PRETRAINED} or {@link #RANDOM}: the request tells of which model.
 */
public final class ProbeStore {
  public static final String PRETRAINED = "pretrained";
  public static final String RANDOM = "random";

  private static final TypeReference<TreeMap<String, Double>> METRICS = new TypeReference<>() {};

  private final ArtifactStore store;

  public ProbeStore(ArtifactStore store) {
    this.store = store;
  }

  /** What a probe that was run with these numerics reached. */
  public Optional<Map<String, Double>> find(String encoder, ProbeRequest request, Numerics numerics)
      throws IOException {
    Optional<Artifact> artifact = store.find(Artifacts.probe(encoder, request, numerics));
    return artifact.isEmpty() ? Optional.empty() : Optional.of(read(artifact.get()));
  }

  /** Stores what a probe reached, or adopts what is there. */
  public void put(String encoder, ProbeRequest request, Map<String, Double> metrics)
      throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      Files.writeString(scratch.root().resolve(Artifacts.PROBE), Json.canonical(metrics));
      store.put(Artifacts.probe(encoder, request, EngineNumerics.current()), scratch.files());
    }
  }

  private Map<String, Double> read(Artifact artifact) throws IOException {
    return Json.MAPPER.readValue(store.file(artifact, Artifacts.PROBE).toFile(), METRICS);
  }
}
