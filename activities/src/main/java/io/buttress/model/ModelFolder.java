package io.buttress.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.storage.Safetensors;
import io.buttress.storage.Safetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Hugging Face folder of the BERT family: {@code config.json} and {@code model.safetensors},
 * checked against each other. Reading one needs no tensor engine.
 */
public final class ModelFolder {
  static final String CONFIG = "config.json";
  static final String WEIGHTS = "model.safetensors";

  /** Heads and buffers that checkpoints carry and that fine-tuning has no use for. */
  private static final List<String> UNUSED = List.of("cls.", "qa_outputs.", "classifier.");

  private static final String POSITION_IDS = "embeddings.position_ids";

  private final Path folder;
  private final ObjectNode json;
  private final EncoderConfig config;
  private final Map<String, Tensor> tensors;

  private ModelFolder(
      Path folder, ObjectNode json, EncoderConfig config, Map<String, Tensor> tensors) {
    this.folder = folder;
    this.json = json;
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Reads and checks a folder; tensors stay views of the mapped file.
   *
   * @throws InvalidModelException naming the file and the field or tensor that is wrong
   */
  public static ModelFolder read(Path folder) throws IOException {
    return read(folder, folder.toString());
  }

  /**
   * The same, for a folder that is a copy.
   *
   * @param name of the original, for messages
   */
  public static ModelFolder read(Path folder, String name) throws IOException {
    ObjectNode json = EncoderConfig.json(folder.resolve(CONFIG), name + "/" + CONFIG);
    EncoderConfig config = EncoderConfig.of(json, name + "/" + CONFIG);
    ModelFolder model = new ModelFolder(folder, json, config, weights(folder, name + "/"));
    model.checkTensors(name + "/" + WEIGHTS);
    return model;
  }

  public Path folder() {
    return folder;
  }

  public EncoderConfig config() {
    return config;
  }

  /** {@code config.json} as it was read; do not change it. */
  ObjectNode json() {
    return json;
  }

  /**
   * A tensor of a known shape, widened to float32, or empty when the folder has none of that name
   * and shape.
   */
  Optional<ByteBuffer> find(String name, long... shape) {
    Tensor tensor = tensors.get(name);
    return tensor == null || !Arrays.equals(tensor.shape(), shape)
        ? Optional.empty()
        : Optional.of(float32(tensor));
  }

  private static Map<String, Tensor> weights(Path folder, String name) throws IOException {
    Path file = folder.resolve(WEIGHTS);
    if (!Files.exists(file)) {
      if (Files.exists(folder.resolve("pytorch_model.bin"))) {
        throw new InvalidModelException(
            name
                + "pytorch_model.bin"
                + ": a pickle can run any code when it is read, so only safetensors are; convert it"
                + " in Python with AutoModel.from_pretrained(F).save_pretrained(F,"
                + " safe_serialization=True)");
      }
      if (Files.exists(folder.resolve(WEIGHTS + ".index.json"))) {
        throw new InvalidModelException(
            name
                + WEIGHTS
                + ".index.json"
                + ": weights in several files; save the model again with a larger max_shard_size");
      }
      throw new InvalidModelException(
          name + WEIGHTS + ": no such file; weights are read from it alone");
    }
    Map<String, Tensor> read;
    try {
      read = Safetensors.read(file);
    } catch (IOException e) {
      throw new InvalidModelException(name + e.getMessage());
    }
    Map<String, Tensor> tensors = new HashMap<>();
    for (Map.Entry<String, Tensor> entry : read.entrySet()) {
      if (tensors.put(canonical(entry.getKey()), entry.getValue()) != null) {
        throw new InvalidModelException(
            name
                + WEIGHTS
                + ": tensor "
                + entry.getKey()
                + " is there with and without the prefix bert.");
      }
    }
    return tensors;
  }

  /** Without the prefix of task models; LayerNorm's first names become today's. */
  private static String canonical(String name) {
    String bare = name.startsWith("bert.") ? name.substring("bert.".length()) : name;
    return bare.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
        .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
  }

  private void checkTensors(String file) throws InvalidModelException {
    Map<String, long[]> expected = new LinkedHashMap<>(config.encoderShapes());
    for (Map.Entry<String, long[]> entry : expected.entrySet()) {
      Tensor tensor = tensors.get(entry.getKey());
      if (tensor == null) {
        throw new InvalidModelException(file + ": tensor " + entry.getKey() + " is missing");
      }
      checkShape(file, entry.getKey(), tensor, entry.getValue());
    }
    long h = config.hiddenSize();
    Map<String, long[]> pooler =
        Map.of("pooler.dense.weight", new long[] {h, h}, "pooler.dense.bias", new long[] {h});
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      String name = entry.getKey();
      boolean unused = name.equals(POSITION_IDS) || UNUSED.stream().anyMatch(name::startsWith);
      if (pooler.containsKey(name)) {
        checkShape(file, name, entry.getValue(), pooler.get(name));
      } else if (!unused && !expected.containsKey(name)) {
        throw new InvalidModelException(
            file + ": tensor " + name + " is not part of the architecture in " + CONFIG);
      }
      if (!name.equals(POSITION_IDS)
          && !List.of("F32", "F16", "BF16").contains(entry.getValue().dtype())) {
        throw new InvalidModelException(
            file
                + ": tensor "
                + name
                + " is "
                + entry.getValue().dtype()
                + "; F32, F16 and BF16 are read");
      }
    }
  }

  private static void checkShape(String file, String name, Tensor tensor, long[] shape)
      throws InvalidModelException {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new InvalidModelException(
          file
              + ": tensor "
              + name
              + " has shape "
              + Arrays.toString(tensor.shape())
              + ", "
              + CONFIG
              + " makes it "
              + Arrays.toString(shape));
    }
  }

  private static ByteBuffer float32(Tensor tensor) {
    ByteBuffer data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (tensor.dtype().equals("F32")) {
      return data;
    }
    ShortBuffer halves = data.asShortBuffer();
    ByteBuffer wide =
        ByteBuffer.allocateDirect(halves.remaining() * 4).order(ByteOrder.LITTLE_ENDIAN);
    boolean brain = tensor.dtype().equals("BF16");
    while (halves.hasRemaining()) {
      short bits = halves.get();
      wide.putFloat(brain ? Float.intBitsToFloat(bits << 16) : fromFloat16(bits));
    }
    return wide.flip();
  }

  /** IEEE 754 binary16 to binary32, exact. */
  static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) {
      float subnormal = fraction * 0x1p-24f;
      return sign == 0 ? subnormal : -subnormal;
    }
    int wide = exponent == 31 ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
