import ai.djl.engine.Engine;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Unpacks the native libraries of DJL into {@code DJL_CACHE_DIR}, by loading them, and removes from the jars of a
 * folder what is unpacked and what other platforms need.
 */
class UnpackNatives {
  public static void main(String[] arguments) throws IOException {
    System.out.println(Engine.getEngine("PyTorch"));
    LibUtils.checkStatus();

    Path lib = Path.of(arguments[0]);
    Predicate<String> native_ = name -> name.matches(".*\\.(so|so\\.\\d+|dylib|dll)");
    strip(lib, "pytorch-native-", native_);
    strip(lib, "pytorch-jni-", native_);
    strip(lib, "tokenizers-", native_);
    // DuckDB unpacks its own into a temporary file when it first reads Parquet.
    String platform = "linux_" + (System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64");
    strip(lib, "duckdb_jdbc-", name -> name.contains(".so_") && !name.endsWith(platform));
  }

  private static void strip(Path lib, String jar, Predicate<String> unneeded) throws IOException {
    Path path;
    try (Stream<Path> jars = Files.list(lib)) {
      path = jars.filter(p -> p.getFileName().toString().startsWith(jar)).findFirst().orElseThrow();
    }
    try (FileSystem files = FileSystems.newFileSystem(path)) {
      List<Path> found;
      try (Stream<Path> all = Files.walk(files.getPath("/"))) {
        found = all.filter(Files::isRegularFile).filter(p -> unneeded.test(p.toString())).toList();
      }
      if (found.isEmpty()) {
        throw new IllegalStateException(path + " has no native libraries");
      }
      for (Path each : found) {
        Files.delete(each);
      }
    }
  }
}
