package io.buttress.method;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.buttress.storage.Safetensors.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;

/** Pre-trained representations of the training set, in host memory (mapped files stay on disk). */
public final class Snapshot {
  private final Map<Integer, FloatBuffer> layers = new TreeMap<>();
  private final int width;
  private final int[] selected;

  /**
   * @param tensors F32 {@code [examples, H]} by layer, as requested
   */
  public Snapshot(Map<Integer, Tensor> tensors) {
    this(tensors, null);
  }

  /**
   * The representations of some examples, for a trial that learns from those alone.
   *
   * @param tensors F32 {@code [examples, H]} by layer, as requested
   * @param selected which of them, in the order of the trial's training set; null: all
   */
  public Snapshot(Map<Integer, Tensor> tensors, int[] selected) {
    this.selected = selected;
    tensors.forEach(
        (layer, tensor) ->
            layers.put(
                layer, tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()));
    width = (int) tensors.values().iterator().next().shape()[1];
  }

  /**
   * The representations of some examples.
   *
   * @return {@code [rows, H]} on the manager's device
   */
  public NDArray rows(int layer, int[] rows, NDManager manager) {
    FloatBuffer values = layers.get(layer);
    if (values == null) {
      throw new IllegalArgumentException(
          "the snapshot has layers " + layers.keySet() + ", not " + layer);
    }
    float[] picked = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      int row = selected == null ? rows[i] : selected[rows[i]];
      values.get(row * width, picked, i * width, width);
    }
    return manager.create(picked, new Shape(rows.length, width));
  }
}
