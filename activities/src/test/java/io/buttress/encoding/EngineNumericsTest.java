package io.buttress.encoding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class EngineNumericsTest {
  private static final String ARCHITECTURE = System.getProperty("os.arch");

  @Test
  void theWidestVectorInstructionsTellProcessorsApart() {
    assertThat(widest("fma avx avx2 avx512f avx512bw avx512dq avx512vl")).isEqualTo("avx512");
    assertThat(widest("fma avx avx2 avx512f avx512bw avx512dq avx512vl avx512_bf16 amx_bf16"))
        .isEqualTo("amx");
    assertThat(widest("fma avx avx2 avx512f avx512bw avx512dq avx512vl avx512_bf16"))
        .isEqualTo("avx512_bf16");
    assertThat(widest("fma avx avx2 avx512f")).as("too few for PyTorch").isEqualTo("avx2");
    assertThat(widest("sse4_2 avx")).isEqualTo(ARCHITECTURE);
    assertThat(EngineNumerics.widest(List.of("Features\t: fp asimd"))).isEqualTo(ARCHITECTURE);
  }

  private static String widest(String flags) {
    return EngineNumerics.widest(List.of("processor\t: 0", "flags\t\t: fpu " + flags));
  }
}
