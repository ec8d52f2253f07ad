package io.buttress.encoding;

import com.fasterxml.jackson.core.type.TypeReference;
import io.buttress.dataset.DatasetStore;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.ScratchFolder;
import io.buttress.study.Json;
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

  private static final int FORMAT_VERSION = 3;
  private static final String FILE = "probe.json";
  private static final TypeReference<TreeMap<String, Double>> METRICS = new TypeReference<>() {};

  private final ArtifactStore store;

  public ProbeStore(ArtifactStore store) {
    this.store = store;
  }

  /** What a probe that was run with these numerics reached. */
  public Optional<Map<String, Double>> find(String encoder, ProbeRequest request, Numerics numerics)
      throws IOException {
    Optional<Artifact> artifact = store.find(key(encoder, request, numerics));
    return artifact.isEmpty() ? Optional.empty() : Optional.of(read(artifact.get()));
  }

  /** Stores what a probe reached, or adopts what is there. */
  public void put(String encoder, ProbeRequest request, Map<String, Double> metrics)
      throws IOException {
    try (ScratchFolder scratch = store.scratch()) {
      Files.writeString(scratch.root().resolve(FILE), Json.canonical(metrics));
      store.put(key(encoder, request, Numerics.current()), scratch.files());
    }
  }

  private Map<String, Double> read(Artifact artifact) throws IOException {
    return Json.MAPPER.readValue(store.file(artifact, FILE).toFile(), METRICS);
  }

  private static String key(String encoder, ProbeRequest request, Numerics numerics) {
    Map<String, Object> deciding = new TreeMap<>();
    deciding.put("artifact", "probe");
    deciding.put("version", FORMAT_VERSION);
    deciding.put("encoder", encoder);
    deciding.put("dataset", DatasetStore.key(request.dataset()));
    deciding.put("layer", request.layer());
    deciding.put("pooling", request.pooling());
    deciding.put("numerics", numerics);
    return ArtifactStore.key(deciding);
  }
}
