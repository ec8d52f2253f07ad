package io.buttress.source;

import java.io.IOException;
import java.time.Duration;

/** A server that cannot answer now. */
final class BusyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final Duration retryAfter;

  /**
   * @param retryAfter how long the server asks to wait; null: it does not say
   */
  BusyException(String host, int status, Duration retryAfter) {
    super(
        host
            + " answers with status "
            + status
            + (retryAfter == null ? "" : " and asks to wait " + retryAfter.toSeconds() + " s"));
    this.status = status;
    this.retryAfter = retryAfter;
  }

  int status() {
    return status;
  }

  Duration retryAfter() {
    return retryAfter;
  }
}
