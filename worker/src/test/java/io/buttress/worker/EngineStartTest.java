package io.buttress.worker;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import org.junit.jupiter.api.Test;

class EngineStartTest {
  @Test
  void aLoadedEngineLetsTheWorkerGoOn() {
    assertDoesNotThrow(() -> EngineStart.begin().await());
  }

  @Test
  void brokenLibrariesAreNamedWithTheSettingsThatPointThere() {
    EngineStart start =
        EngineStart.begin(
            () -> {
              throw new EngineException(
                  "Failed to load PyTorch native library",
                  new UnsatisfiedLinkError("libtorch.so: no such file"));
            });
    String message = assertThrows(ServiceException.class, start::await).getMessage();
    assertTrue(message.contains("libtorch.so: no such file"), message);
    assertTrue(message.contains("PYTORCH_LIBRARY_PATH"), message);
  }
}
