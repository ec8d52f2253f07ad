package io.buttress.encoding;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import io.buttress.study.Numerics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Finds out the {@link Numerics} of this process. */
public final class EngineNumerics {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final String INSTRUCTIONS = detect();

  private EngineNumerics() {}

  /** Loads the engine. */
  public static Numerics current() {
    return new Numerics(
        Engine.getInstance().defaultDevice().getDeviceType(),
        JniUtils.getNumThreads(),
        INSTRUCTIONS);
  }

  private static String detect() {
    try {
      if (Files.isReadable(PROCESSORS)) {
        return widest(Files.readAllLines(PROCESSORS));
      }
    } catch (IOException e) {
      // Then the architecture has to do.
    }
    return System.getProperty("os.arch");
  }

  /**
   * The widest instruction set of a processor that PyTorch has kernels for; without one of these
   * the architecture's name.
   *
   * @param processors lines of {@code /proc/cpuinfo}
   */
  static String widest(List<String> processors) {
    Set<String> flags =
        processors.stream()
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .map(
                line ->
                    Set.copyOf(
                        List.of(line.substring(line.indexOf(':') + 1).strip().split("\\s+"))))
            .orElse(Set.of());
    if (flags.containsAll(Set.of("avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"))) {
      // bfloat16 runs on other kernels where the processor has instructions for it.
      return flags.contains("amx_bf16")
          ? "amx"
          : flags.contains("avx512_bf16") ? "avx512_bf16" : "avx512";
    }
    return flags.containsAll(Set.of("avx2", "fma")) ? "avx2" : System.getProperty("os.arch");
  }
}
