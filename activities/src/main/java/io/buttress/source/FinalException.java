package io.buttress.source;

import java.io.IOException;

/** What trying again does not mend. */
class FinalException extends IOException {
  private static final long serialVersionUID = 1L;

  FinalException(String message) {
    super(message);
  }

  FinalException(String message, IOException cause) {
    super(message, cause);
  }
}
