package io.buttress.study;

/**
 * A model, pinned to exact bytes.
 *
 * @param uri as the study names it
 * @param key artifact that holds the model folder's files
 * @param digest sha256 over the names and digests of those files
 * @param commit the hub's, to which its revision was resolved; null: the model is from no hub
 */
public record ResolvedModel(String uri, String key, String digest, String commit) {
  public ResolvedModel(String uri, String key, String digest) {
    this(uri, key, digest, null);
  }
}
