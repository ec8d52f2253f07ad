package io.buttress.study;

/**
 * Content-addressed bytes in the object store, at {@code blobs/<sha256>}.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param size in bytes
 */
public record Blob(String sha256, long size) {}
