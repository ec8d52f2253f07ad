package io.buttress.storage;

import io.buttress.study.Blob;
import java.util.SortedMap;

/**
 * Named files that belong together, made once from deciding inputs.
 *
 * @param key sha256 of the canonical JSON of the deciding inputs
 * @param files name (may hold {@code /}) to content
 */
public record Artifact(String key, SortedMap<String, Blob> files) {}
