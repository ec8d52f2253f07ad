package io.buttress.storage;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.buttress.study.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
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

  private static final String METADATA = "__metadata__";

  /** As in the reference implementation. */
  private static final int LARGEST_HEADER = 100_000_000;

  private static final ObjectReader HEADER =
      Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private Safetensors() {}

  /**
   * One tensor.
   *
   * @param dtype {@code F32}, {@code I64}, ...
   * @param data its bytes, little-endian, position 0 to limit; treat as read-only
   */
  public record Tensor(String dtype, long[] shape, ByteBuffer data) {

    /**
     * @throws IllegalArgumentException when dtype and shape do not ask for exactly these bytes
     */
    public Tensor {
      long bytes = byteSize(dtype, shape);
      if (bytes != data.limit()) {
        throw new IllegalArgumentException(
            "shape "
                + Arrays.toString(shape)
                + " of "
                + dtype
                + " needs "
                + bytes
                + " bytes, not "
                + data.limit());
      }
    }

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
      long length = map(channel, 0, 8).getLong(0);
      if (length <= 0 || length > size - 8 || length > LARGEST_HEADER) {
        throw corrupt(
            file, "header length " + length + " does not fit a file of " + size + " bytes");
      }
      long start = 8 + length;
      List<Entry> entries = entries(file, header(file, channel, (int) length), size - start);
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (Entry entry : entries) {
        ByteBuffer data = map(channel, start + entry.from(), entry.to() - entry.from());
        tensors.put(entry.name(), new Tensor(entry.dtype(), entry.shape(), data));
      }
      return tensors;
    }
  }

  /** Writes tensors in iteration order; the file is complete when this returns. */
  public static void write(Path file, Map<String, Tensor> tensors) throws IOException {
    if (tensors.containsKey(METADATA)) {
      throw new IllegalArgumentException("no tensor can be named " + METADATA);
    }
    ObjectNode header = Json.MAPPER.createObjectNode();
    // Python's loaders ask for this to tell which framework's layout it is.
    header.putObject(METADATA).put("format", "pt");
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
    } catch (IOException e) {
      throw new DiskWriteException(file, e);
    }
  }

  /** Where a tensor's bytes are, counted from the end of the header. */
  private record Entry(String name, String dtype, long[] shape, long from, long to) {}

  private static JsonNode header(Path file, FileChannel channel, int length) throws IOException {
    byte[] json = new byte[length];
    map(channel, 8, length).get(json);
    JsonNode header;
    try {
      header = HEADER.readTree(json);
    } catch (IOException e) {
      throw corrupt(file, "its header is not JSON with distinct names");
    }
    if (!header.isObject()) {
      throw corrupt(file, "its header is not a JSON object");
    }
    return header;
  }

  /** The header's entries in file order, which must cover all bytes, each once. */
  private static List<Entry> entries(Path file, JsonNode header, long bytes) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : header.properties()) {
      if (!field.getKey().equals(METADATA)) {
        entries.add(entry(file, field.getKey(), field.getValue()));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::from).thenComparingLong(Entry::to));
    long covered = 0;
    for (Entry entry : entries) {
      if (entry.from() != covered) {
        throw corrupt(
            file, "tensor " + entry.name() + " is at " + entry.from() + ", not at " + covered);
      }
      covered = entry.to();
    }
    if (covered != bytes) {
      throw corrupt(file, "its tensors need " + covered + " bytes, the file holds " + bytes);
    }
    return entries;
  }

  private static Entry entry(Path file, String name, JsonNode node) throws IOException {
    String dtype = node.path("dtype").asText();
    if (!BYTES.containsKey(dtype)) {
      throw corrupt(file, "tensor " + name + " has the unknown dtype '" + dtype + "'");
    }
    long[] shape = counts(file, name, node.path("shape"));
    long[] offsets = counts(file, name, node.path("data_offsets"));
    long bytes;
    try {
      bytes = byteSize(dtype, shape);
    } catch (ArithmeticException e) {
      throw corrupt(file, "tensor " + name + " has the impossible shape " + Arrays.toString(shape));
    }
    if (offsets.length != 2 || offsets[1] - offsets[0] != bytes) {
      throw corrupt(
          file,
          "tensor "
              + name
              + " has offsets "
              + Arrays.toString(offsets)
              + " for shape "
              + Arrays.toString(shape)
              + " of "
              + dtype);
    }
    if (bytes > Integer.MAX_VALUE) {
      throw new IOException(file + ": tensor " + name + " is larger than 2 GiB");
    }
    return new Entry(name, dtype, shape, offsets[0], offsets[1]);
  }

  private static long[] counts(Path file, String name, JsonNode node) throws IOException {
    boolean sound = node.isArray();
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = node.get(i);
      sound &= value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= 0;
      values[i] = value.asLong();
    }
    if (!sound) {
      throw corrupt(file, "tensor " + name + " has a shape or offsets that are not counts");
    }
    return values;
  }

  /**
   * @throws ArithmeticException when there is no such number
   */
  private static long byteSize(String dtype, long[] shape) {
    Integer width = BYTES.get(dtype);
    if (width == null) {
      throw new IllegalArgumentException("unknown dtype " + dtype);
    }
    long bytes = width;
    for (long dimension : shape) {
      bytes = Math.multiplyExact(bytes, dimension);
    }
    return bytes;
  }

  private static ByteBuffer map(FileChannel channel, long from, long bytes) throws IOException {
    return channel.map(FileChannel.MapMode.READ_ONLY, from, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static IOException corrupt(Path file, String why) {
    return new IOException(file + " is not a valid safetensors file: " + why);
  }
}
