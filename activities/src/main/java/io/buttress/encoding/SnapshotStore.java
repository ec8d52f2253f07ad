package io.buttress.encoding;

import io.buttress.dataset.DatasetStore;
import io.buttress.model.Split;
import io.buttress.storage.Artifact;
import io.buttress.storage.ArtifactStore;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import io.buttress.study.Artifacts;
import io.buttress.study.Numerics;
import io.buttress.study.SnapshotRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Pre-trained representations in the object store: {@code representations.safetensors} with one
 * tensor {@code layer.<i>} a layer, F32 {@code [examples, hidden size]}, rows in the split's order;
 * {@code layers.safetensors} with the same of every hidden state, from 0, for the first examples.
 * Its key is decided by the token ids and not by the labels, so label noise shares snapshots.
 */
public final class SnapshotStore {
  private final ArtifactStore store;
  private final DatasetStore datasets;

  public SnapshotStore(ArtifactStore store, DatasetStore datasets) {
    this.store = store;
    this.datasets = datasets;
  }

  /** Name of a layer's tensor; layers as requested, so -1 stays -1. */
  public static String tensor(int layer) {
    return "layer." + layer;
  }

  /** The key of a snapshot that this process would make. */
  public String key(SnapshotRequest request) throws IOException {
    return key(request, EngineNumerics.current());
  }

  /** The key of a snapshot that was made with these numerics. */
  public String key(SnapshotRequest request, Numerics numerics) throws IOException {
    return Artifacts.snapshot(request, split(request).inputsDigest(), numerics);
  }

  public Optional<Artifact> find(SnapshotRequest request) throws IOException {
    return store.find(key(request));
  }

  /**
   * Representations by layer, as this process would make them.
   *
   * @throws IOException also when there is no such snapshot
   */
  public Map<Integer, Tensor> load(SnapshotRequest request) throws IOException {
    return load(request, EngineNumerics.current());
  }

  /**
   * Representations by layer, as a process with these numerics made them.
   *
   * @throws IOException also when there is no such snapshot
   */
  public Map<Integer, Tensor> load(SnapshotRequest request, Numerics numerics) throws IOException {
    return layers(store.get(key(request, numerics)), request);
  }

  /**
   * Every hidden state of the first examples, as a process with these numerics made them.
   *
   * @throws IOException also when there is no such snapshot
   */
  public Map<String, Tensor> everyLayer(SnapshotRequest request, Numerics numerics)
      throws IOException {
    return Safetensors.read(store.file(store.get(key(request, numerics)), Artifacts.LAYERS));
  }

  /** The inputs that a request is about. */
  public Split split(SnapshotRequest request) throws IOException {
    Split split = datasets.load(request.dataset()).splits().get(request.split());
    if (split == null) {
      throw new IOException(
          "task " + request.dataset().task().spec().id() + " has no split " + request.split());
    }
    return split;
  }

  private Map<Integer, Tensor> layers(Artifact artifact, SnapshotRequest request)
      throws IOException {
    Map<String, Tensor> tensors = Safetensors.read(store.file(artifact, Artifacts.REPRESENTATIONS));
    Map<Integer, Tensor> byLayer = new LinkedHashMap<>();
    for (int layer : request.layers()) {
      Tensor tensor = tensors.get(tensor(layer));
      if (tensor == null) {
        throw new IOException("artifact " + artifact.key() + " lacks " + tensor(layer));
      }
      byLayer.put(layer, tensor);
    }
    return byLayer;
  }
}
