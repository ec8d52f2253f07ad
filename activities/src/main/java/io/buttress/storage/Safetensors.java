package io.buttress.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header {@code name ->
 * {dtype, shape, data_offsets}}, then the tensors' bytes, row-major, little-endian.
 */
public final class Safetensors {
  private static final Map<String, Integer> BYTES =
      Map.of(
          "F64", 8, "F32", 4, "F16", 2, "BF16", 2, "I64", 8, "I32", 4, "I16", 2, "I8", 1, "U8", 1,
          "BOOL", 1);

  private Safetensors() {}

  /**
   * One tensor.
   *
   * @param dtype {@code F32}, {@code I64}, ...
   * @param data its bytes, little-endian, position 0 to limit; treat as read-only
   */
  public record Tensor(String dtype, long[] shape, ByteBuffer data) {

    /** A matrix or vector of float32; a matrix row by row. */
    public static Tensor of(float[] values, long... shape) {
      ByteBuffer data = allocate(Math.multiplyExact(values.length, 4));
      data.asFloatBuffer().put(values);
      return new Tensor("F32", shape, data);
    }

    /** A vector of int32. */
    public static Tensor of(int[] values) {
      ByteBuffer data = allocate(Math.multiplyExact(values.length, 4));
      data.asIntBuffer().put(values);
      return new Tensor("I32", new long[] {values.length}, data);
    }

    /** The values of an F32 tensor. */
    public float[] floats() {
      require("F32");
      float[] values = new float[data.limit() / 4];
      data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    }

    /** The values of an I32 tensor. */
    public int[] ints() {
      require("I32");
      int[] values = new int[data.limit() / 4];
      data.duplicate().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
      return values;
    }

    private void require(String wanted) {
      if (!dtype.equals(wanted)) {
        throw new IllegalArgumentException("tensor is " + dtype + ", not " + wanted);
      }
    }

    private static ByteBuffer allocate(int bytes) {
      return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /**
   * Reads every tensor, in file order, as views of the mapped file.
   *
   * @throws IOException when the file is not whole and consistent; the message names it
   */
  public static Map<String, Tensor> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw corrupt(file, "it has " + size + " bytes, a header length needs 8");
      }
      ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(prefix, 0);
      long header = prefix.getLong(0);
      if (header <= 0 || header > size - 8 || header > 100_000_000) {
        throw corrupt(
            file, "header length " + header + " does not fit a file of " + size + " bytes");
      }
      ByteBuffer json = ByteBuffer.allocate((int) header);
      channel.read(json, 8);
      JsonNode names;
      try {
        names = Json.MAPPER.readTree(json.array());
      } catch (JsonProcessingException e) {
        throw corrupt(file, "its header is not JSON");
      }
      if (names == null || !names.isObject()) {
        throw corrupt(file, "its header is not a JSON object");
      }
      long start = 8 + header;
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      long covered = 0;
      for (Iterator<Map.Entry<String, JsonNode>> it = names.fields(); it.hasNext(); ) {
        Map.Entry<String, JsonNode> entry = it.next();
        if (entry.getKey().equals("__metadata__")) {
          continue;
        }
        Tensor tensor = view(file, channel, start, size - start, entry.getKey(), entry.getValue());
        covered += tensor.data().limit();
        tensors.put(entry.getKey(), tensor);
      }
      if (covered != size - start) {
        throw corrupt(
            file, "its tensors need " + covered + " bytes, the file holds " + (size - start));
      }
      return tensors;
    }
  }

  /** Writes tensors in iteration order; the file is complete when this returns. */
  public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
    ObjectNode header = Json.MAPPER.createObjectNode();
    // Python's loaders ask for this to tell which framework's layout it is.
    header.putObject("__metadata__").put("format", "pt");
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      ObjectNode node = header.putObject(entry.getKey());
      node.put("dtype", tensor.dtype());
      node.set("shape", Json.MAPPER.valueToTree(tensor.shape()));
      node.putArray("data_offsets").add(offset).add(offset + tensor.data().limit());
      offset += tensor.data().limit();
    }
    byte[] json = Json.MAPPER.writeValueAsBytes(header);
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      length.putLong(0, padded.length);
      writeFully(channel, length);
      writeFully(channel, ByteBuffer.wrap(padded));
      for (Tensor tensor : tensors.values()) {
        writeFully(channel, tensor.data().duplicate().rewind());
      }
    }
  }

  private static Tensor view(
      Path file, FileChannel channel, long start, long bytes, String name, JsonNode node)
      throws IOException {
    String dtype = node.path("dtype").asText();
    Integer width = BYTES.get(dtype);
    if (width == null) {
      throw corrupt(file, "tensor " + name + " has the unknown dtype '" + dtype + "'");
    }
    long[] shape = new long[node.path("shape").size()];
    long elements = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = node.path("shape").get(i).asLong(-1);
      if (shape[i] < 0) {
        throw corrupt(file, "tensor " + name + " has a negative dimension");
      }
      elements = Math.multiplyExact(elements, shape[i]);
    }
    long from = node.path("data_offsets").path(0).asLong(-1);
    long to = node.path("data_offsets").path(1).asLong(-1);
    if (from < 0 || to > bytes || to - from != elements * width || to - from > Integer.MAX_VALUE) {
      throw corrupt(
          file,
          "tensor "
              + name
              + " claims bytes "
              + from
              + " to "
              + to
              + " of "
              + bytes
              + " for shape "
              + Arrays.toString(shape)
              + " of "
              + dtype);
    }
    ByteBuffer data =
        channel
            .map(FileChannel.MapMode.READ_ONLY, start + from, to - from)
            .order(ByteOrder.LITTLE_ENDIAN);
    return new Tensor(dtype, shape, data);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static IOException corrupt(Path file, String why) {
    return new IOException(file.getFileName() + " is not a valid safetensors file: " + why);
  }
}
