package io.buttress.data;

import java.net.http.HttpHeaders;

/** A hub's final no: trying again changes nothing. */
final class HubRefusal extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST = 200;

  private final int status;
  private final String code;
  private final String reason;

  HubRefusal(int status, HttpHeaders headers) {
    this.status = status;
    this.code = headers.firstValue("X-Error-Code").orElse("");
    this.reason = headers.firstValue("X-Error-Message").map(HubRefusal::line).orElse("");
  }

  int status() {
    return status;
  }

  /** {@code RepoNotFound}, {@code GatedRepo}, ..., or empty. */
  String code() {
    return code;
  }

  /** In the hub's words; may be empty. */
  String reason() {
    return reason;
  }

  private static String line(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "...";
  }
}
