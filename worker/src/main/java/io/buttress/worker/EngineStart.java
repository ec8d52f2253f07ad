package io.buttress.worker;

import ai.djl.engine.Engine;
import io.buttress.study.Quote;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Loads PyTorch's native libraries, which takes a second, while a worker connects. */
final class EngineStart {
  private final FutureTask<Engine> loading;

  private EngineStart(FutureTask<Engine> loading) {
    this.loading = loading;
  }

  static EngineStart begin() {
    return begin(Engine::getInstance);
  }

  static EngineStart begin(Callable<Engine> load) {
    FutureTask<Engine> loading = new FutureTask<>(load);
    new DaemonThreads("engine-start").newThread(loading).start();
    return new EngineStart(loading);
  }

  /**
   * Waits until the engine is loaded.
   *
   * @throws ServiceException with one line that says why it cannot be loaded
   */
  void await() throws ServiceException, InterruptedException {
    try {
      loading.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      throw new ServiceException(
          "PyTorch's libraries cannot be loaded ("
              + Quote.line(String.valueOf(cause.getMessage()), 200)
              + "); check the installation, PYTORCH_LIBRARY_PATH and DJL_CACHE_DIR",
          e.getCause());
    }
  }
}
