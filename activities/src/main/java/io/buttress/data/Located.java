package io.buttress.data;

import java.nio.file.Path;

/**
 * Where a URI leads.
 *
 * @param path do not write to it
 * @param commit the hub's; null: not from a hub
 */
record Located(Path path, String commit) {}
