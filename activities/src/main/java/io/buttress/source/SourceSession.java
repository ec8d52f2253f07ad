package io.buttress.source;

import io.buttress.storage.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What one study takes from its sources: the hub's files of one commit each, and other files, which
 * are fetched once and gone when this is closed. For one thread.
 */
public final class SourceSession implements AutoCloseable {
  private final HubSession hub;
  private final ScratchFolder scratch;
  private final Map<String, Path> fetched;
  private final Consumer<String> progress;

  SourceSession(Hub hub, ScratchFolder scratch) {
    this(new HubSession(hub), scratch, new HashMap<>(), detail -> {});
  }

  private SourceSession(
      HubSession hub, ScratchFolder scratch, Map<String, Path> fetched, Consumer<String> progress) {
    this.hub = hub;
    this.scratch = scratch;
    this.fetched = fetched;
    this.progress = progress;
  }

  /** The same session, telling what it fetches. */
  public SourceSession telling(Consumer<String> listener) {
    return new SourceSession(hub.telling(listener), scratch, fetched, listener);
  }

  HubSession hub() {
    return hub;
  }

  Consumer<String> progress() {
    return progress;
  }

  /** Makes a file or folder at a path where nothing is yet. */
  @FunctionalInterface
  interface Make {
    void at(Path path) throws SourceException, IOException;
  }

  /** What is made for a name, made when it is asked for the first time. */
  Path once(String name, Make make) throws SourceException, IOException {
    Path known = fetched.get(name);
    if (known != null) {
      return known;
    }
    Path path = scratch.root().resolve(UUID.randomUUID().toString());
    make.at(path);
    fetched.put(name, path);
    return path;
  }

  @Override
  public void close() throws IOException {
    scratch.close();
  }
}
