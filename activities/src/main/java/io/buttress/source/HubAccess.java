package io.buttress.source;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a Hugging Face hub and the local copy of it are, and who we are there.
 *
 * @param token reaches nothing but the endpoint itself
 * @param home the folder that holds {@code hub/}; need not exist
 * @param offline only the local copy is used
 * @param names for messages that say which setting to look at
 */
public record HubAccess(
    URI endpoint, Optional<String> token, Path home, boolean offline, Names names) {

  /** What the settings are called where they are made. */
  public record Names(String endpoint, String token, String home, String offline) {}

  /** Without the token. */
  @Override
  public String toString() {
    return endpoint + (token.isPresent() ? ", with a token" : "") + (offline ? ", offline" : "");
  }
}
