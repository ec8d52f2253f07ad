package io.buttress.storage;

import io.buttress.activity.Failures;
import io.buttress.failure.Permanent;
import java.io.IOException;

/** What an earlier step stored is not in the store, and trying again does not bring it back. */
public final class LostArtifactException extends IOException implements Permanent {
  private static final long serialVersionUID = 1L;

  public LostArtifactException(String message) {
    super(message);
  }

  @Override
  public String type() {
    return Failures.LOST;
  }
}
