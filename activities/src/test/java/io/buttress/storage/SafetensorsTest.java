package io.buttress.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.buttress.storage.Safetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path directory;

  @Provide
  Arbitrary<Map<String, Tensor>> tensors() {
    Arbitrary<Tensor> floats =
        Arbitraries.floats().array(float[].class).ofMaxSize(24).map(SafetensorsTest::matrix);
    Arbitrary<Tensor> ints =
        Arbitraries.integers().array(int[].class).ofMaxSize(24).map(Tensor::of);
    return Arbitraries.maps(
            Arbitraries.strings().ofMaxLength(8).filter(name -> !name.equals("__metadata__")),
            Arbitraries.oneOf(floats, ints))
        .ofMaxSize(6)
        .map(LinkedHashMap::new);
  }

  private static Tensor matrix(float[] values) {
    return values.length % 2 == 0
        ? Tensor.of(values, 2, values.length / 2)
        : Tensor.of(values, values.length);
  }

  @Property(tries = 300)
  void whatWasWrittenIsRead(@ForAll("tensors") Map<String, Tensor> tensors) throws IOException {
    Path file = Files.createTempFile("test-", ".safetensors");
    try {
      Safetensors.write(file, tensors);
      Map<String, Tensor> read = Safetensors.read(file);
      assertThat(List.copyOf(read.keySet())).containsExactlyInAnyOrderElementsOf(tensors.keySet());
      tensors.forEach(
          (name, tensor) -> {
            assertThat(read.get(name).dtype()).isEqualTo(tensor.dtype());
            assertThat(read.get(name).shape()).isEqualTo(tensor.shape());
            assertThat(read.get(name).data()).isEqualTo(tensor.data());
          });
    } finally {
      Files.delete(file);
    }
  }

  @Property(tries = 300)
  void cutFilesAreRefused(@ForAll("tensors") Map<String, Tensor> tensors, @ForAll long seed)
      throws IOException {
    Path file = Files.createTempFile("test-", ".safetensors");
    try {
      Safetensors.write(file, tensors);
      byte[] whole = Files.readAllBytes(file);
      int length = new Random(seed).nextInt(whole.length);
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Safetensors.read(file))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString());
    } finally {
      Files.delete(file);
    }
  }

  // Tries a thousand files.
  @Tag("slow")
  @Property(tries = 500)
  void changedFilesAreReadOrRefusedByName(
      @ForAll("tensors") Map<String, Tensor> tensors,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int changes)
      throws IOException {
    Path file = Files.createTempFile("test-", ".safetensors");
    try {
      Safetensors.write(file, tensors);
      byte[] bytes = Files.readAllBytes(file);
      Random random = new Random(seed);
      for (int i = 0; i < changes; i++) {
        // Mostly in the header, and mostly by characters that mean something there.
        int at = random.nextInt(Math.min(bytes.length, 120));
        bytes[at] = (byte) "0123456789-.,:\"{}[]e\0\u007f".charAt(random.nextInt(22));
      }
      Files.write(file, bytes);
      readsOrRefuses(file);
    } finally {
      Files.delete(file);
    }
  }

  @Property(tries = 300)
  void garbageIsRefusedByName(@ForAll @Size(max = 200) byte[] garbage, @ForAll boolean plausible)
      throws IOException {
    Path file = Files.createTempFile("test-", ".safetensors");
    try {
      ByteBuffer bytes = ByteBuffer.allocate(garbage.length + 8).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putLong(plausible ? garbage.length : Arrays.hashCode(garbage)).put(garbage);
      Files.write(file, bytes.array());
      readsOrRefuses(file);
    } finally {
      Files.delete(file);
    }
  }

  private static void readsOrRefuses(Path file) {
    try {
      Safetensors.read(file).values().forEach(tensor -> assertThat(tensor.data()).isNotNull());
    } catch (IOException e) {
      assertThat(e).hasMessageContaining(file.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],"
            + "\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":7}",
        "[]",
        "null"
      })
  void inconsistentHeadersAreRefused(String header) throws IOException {
    Path file = headerAndEightBytes(header);
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void tensorsAreReadWhereTheHeaderSaysWhateverItsOrder() throws IOException {
    Path file =
        headerAndEightBytes(
            "{\"b\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                + "\"a\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
    Map<String, Tensor> tensors = Safetensors.read(file);
    assertThat(tensors.get("a").ints()).containsExactly(1);
    assertThat(tensors.get("b").ints()).containsExactly(2);
  }

  @Test
  void shapesThatDoNotFitTheirValuesAreRefused() {
    assertThatThrownBy(() -> Tensor.of(new float[6], 2, 4))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Path headerAndEightBytes(String header) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(16 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).putInt(1).putInt(2);
    return Files.write(directory.resolve("model.safetensors"), bytes.array());
  }
}
