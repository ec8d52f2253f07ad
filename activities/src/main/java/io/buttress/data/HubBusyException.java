package io.buttress.data;

import java.io.IOException;
import java.time.Duration;

/** A hub that cannot answer now. */
final class HubBusyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  /**
   * @param retryAfter how long the server asks to wait; null: it does not say
   */
  HubBusyException(String host, int status, Duration retryAfter) {
    super(
        host
            + " answers with status "
            + status
            + (retryAfter == null ? "" : " and asks to wait " + retryAfter.toSeconds() + " s"));
    this.retryAfter = retryAfter;
  }

  Duration retryAfter() {
    return retryAfter;
  }
}
