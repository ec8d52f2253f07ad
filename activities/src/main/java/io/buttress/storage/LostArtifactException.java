package io.buttress.storage;

import java.io.IOException;

/** What an earlier step stored is not in the store, and trying again does not bring it back. */
public final class LostArtifactException extends IOException {
  private static final long serialVersionUID = 1L;

  public LostArtifactException(String message) {
    super(message);
  }
}
