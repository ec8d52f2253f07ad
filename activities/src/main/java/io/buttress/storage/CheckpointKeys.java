package io.buttress.storage;

import java.io.IOException;

/** Where checkpoints are in an object store: {@code checkpoints/<fingerprint>/<attempt>/...}. */
public final class CheckpointKeys {
  public static final String FOLDER = "checkpoints/";

  private static final String BEGUN = "begun";

  private CheckpointKeys() {}

  /** The prefix of all checkpoints of a trial. */
  public static String trial(String fingerprint) {
    return FOLDER + fingerprint + "/";
  }

  /** The prefix of the checkpoints of one attempt at a trial. */
  public static String attempt(String fingerprint, String attempt) {
    return trial(fingerprint) + attempt + "/";
  }

  /** A marker beside an attempt's checkpoints: its time tells when the attempt began. */
  public static String begun(String fingerprint, String attempt) {
    return attempt(fingerprint, attempt) + BEGUN;
  }

  public static boolean isBegun(String key) {
    return key.endsWith("/" + BEGUN);
  }

  /** Whose checkpoint an object is. */
  public static String fingerprint(String key) {
    return key.substring(FOLDER.length()).split("/")[0];
  }

  /** Removes all checkpoints below a prefix. */
  public static void remove(ObjectStore store, String prefix) throws IOException {
    for (String key : store.list(prefix)) {
      store.delete(key);
    }
  }
}
