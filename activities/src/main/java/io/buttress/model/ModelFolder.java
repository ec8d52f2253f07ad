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
import java.util.Set;
import java.util.stream.Stream;

/**
 * A Hugging Face folder of a {@link Family}: {@code config.json} and {@code model.safetensors},
 * checked against each other. Reading one needs no tensor engine.
 */
public final class ModelFolder {
  public static final String CONFIG = "config.json";
  public static final String WEIGHTS = "model.safetensors";

  /** What belongs to a tokenizer; only the first must be there. */
  public static final List<String> TOKENIZER =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.txt",
          "vocab.json",
          "merges.txt");

  /** The files of a folder that are read. */
  public static final List<String> FILES =
      Stream.concat(Stream.of(CONFIG, WEIGHTS), TOKENIZER.stream()).toList();

  private static final Set<String> DTYPES = Set.of("F32", "F16", "BF16");

  /** Other heads and buffers that checkpoints carry and that fine-tuning has no use for. */
  private static final List<String> UNUSED =
      List.of(
          "embeddings.position_ids",
          "embeddings.token_type_ids",
          "pooler.",
          "cls.",
          "lm_head.",
          "vocab_transform.",
          "vocab_layer_norm.",
          "vocab_projector.",
          "discriminator_predictions.",
          "generator_predictions.",
          "generator_lm_head.",
          "sequence_summary.",
          "qa_outputs.",
          "pre_classifier.",
          "classifier.");

  private final Path folder;
  private final ObjectNode json;
  private final EncoderConfig config;

  /** Tensors by their names in files, without {@link Family#prefix}. */
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
    ConfigFields fields = ConfigFields.read(folder.resolve(CONFIG), name + "/" + CONFIG);
    EncoderConfig config = EncoderConfig.of(fields);
    Map<String, Tensor> tensors = weights(folder, name + "/", config.family());
    ModelFolder model = new ModelFolder(folder, fields.json(), config, tensors);
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
   * A parameter of a known shape, widened to float32, or empty when the folder has none of that
   * name and shape.
   *
   * @param name as in {@link TextClassifier#parameters}
   */
  Optional<ByteBuffer> find(String name, long... shape) {
    Tensor tensor = tensors.get(config.family().stored(name));
    return tensor == null || !Arrays.equals(tensor.shape(), shape)
        ? Optional.empty()
        : Optional.of(float32(tensor));
  }

  private static Map<String, Tensor> weights(Path folder, String name, Family family)
      throws IOException {
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
      if (tensors.put(bare(entry.getKey(), family.prefix()), entry.getValue()) != null) {
        throw new InvalidModelException(
            name
                + WEIGHTS
                + ": tensor "
                + entry.getKey()
                + " is there with and without the prefix "
                + family.prefix());
      }
    }
    return tensors;
  }

  /** Without the prefix of task models; LayerNorm's first names become today's. */
  private static String bare(String name, String prefix) {
    String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    return bare.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
        .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
  }

  private void checkTensors(String file) throws InvalidModelException {
    Family family = config.family();
    Map<String, long[]> shapes = new LinkedHashMap<>(config.encoderShapes());
    for (String name : shapes.keySet()) {
      if (!tensors.containsKey(family.stored(name))) {
        throw new InvalidModelException(file + ": tensor " + family.stored(name) + " is missing");
      }
    }
    if (family.poolerIsPretrained()) {
      long h = config.hiddenSize();
      shapes.put(TextClassifier.POOLER + ".weight", new long[] {h, h});
      shapes.put(TextClassifier.POOLER + ".bias", new long[] {h});
    }
    // A head's shape is free: one that does not fit is drawn anew.
    for (String layer : List.of(TextClassifier.POOLER, TextClassifier.HEAD)) {
      shapes.putIfAbsent(layer + ".weight", null);
      shapes.putIfAbsent(layer + ".bias", null);
    }
    Map<String, long[]> stored = new HashMap<>();
    shapes.forEach((name, shape) -> stored.put(family.stored(name), shape));
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      check(file, entry.getKey(), entry.getValue(), stored);
    }
  }

  private static void check(String file, String name, Tensor tensor, Map<String, long[]> shapes)
      throws InvalidModelException {
    if (!shapes.containsKey(name)) {
      if (UNUSED.stream().noneMatch(name::startsWith)) {
        throw new InvalidModelException(
            file + ": tensor " + name + " is not part of the architecture in " + CONFIG);
      }
      return;
    }
    if (!DTYPES.contains(tensor.dtype())) {
      throw new InvalidModelException(
          "%s: tensor %s is %s; F32, F16 and BF16 are read".formatted(file, name, tensor.dtype()));
    }
    long[] shape = shapes.get(name);
    if (shape != null && !Arrays.equals(tensor.shape(), shape)) {
      throw new InvalidModelException(
          "%s: tensor %s has shape %s, %s makes it %s"
              .formatted(
                  file, name, Arrays.toString(tensor.shape()), CONFIG, Arrays.toString(shape)));
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
