package io.buttress.study;

/**
 * A model, pinned to exact bytes.
 *
 * @param uri as the study names it
 * @param key artifact that holds the model folder's files
 * @param digest sha256 over the names and digests of those files
 */
public record ResolvedModel(String uri, String key, String digest) {}
