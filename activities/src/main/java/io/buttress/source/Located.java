package io.buttress.source;

import java.nio.file.Path;

/**
 * Where a URI leads.
 *
 * @param path do not write to it
 * @param commit the hub's; null: not from a hub
 */
public record Located(Path path, String commit) {}
