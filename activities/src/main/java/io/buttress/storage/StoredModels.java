package io.buttress.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Models as plain objects below a prefix, for people and for what is deleted again. Its weights are
 * written last and deleted first: where they are, a model is whole.
 */
public final class StoredModels {
  static final String WEIGHTS = "model.safetensors";

  private final ObjectStore objects;

  public StoredModels(ObjectStore objects) {
    this.objects = objects;
  }

  /** Where the training of a trial that keeps only the best leaves its model. */
  public static String trained(String fingerprint, String fitKey) {
    return Prune.TRAINED + fingerprint + "/" + fitKey;
  }

  public boolean has(String prefix) throws IOException {
    return objects.exists(prefix + "/" + WEIGHTS);
  }

  /** Stores files that are not there yet. */
  public void put(String prefix, Map<String, Path> files) throws IOException {
    for (String name : weightsLast(files)) {
      objects.putIfAbsent(prefix + "/" + name, files.get(name));
    }
  }

  /** Copies another model; overwrites. */
  public void copy(String from, String to) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (String key : objects.list(from + "/")) {
      files.put(key.substring(from.length() + 1), key);
    }
    copy(files, to);
  }

  /**
   * Copies objects; overwrites.
   *
   * @param files file name to key
   */
  public void copy(Map<String, String> files, String to) throws IOException {
    for (String name : weightsLast(files)) {
      objects.copy(files.get(name), to + "/" + name);
    }
  }

  public void delete(String prefix) throws IOException {
    objects.delete(prefix + "/" + WEIGHTS);
    for (String key : objects.list(prefix + "/")) {
      objects.delete(key);
    }
  }

  private static Iterable<String> weightsLast(Map<String, ?> files) {
    return files.keySet().stream()
        .sorted((one, other) -> Boolean.compare(one.equals(WEIGHTS), other.equals(WEIGHTS)))
        .toList();
  }
}
